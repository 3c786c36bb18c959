//! Every template is rendered from its typed page, full and empty, with hostile text in every field.

use std::collections::BTreeSet;

use kernel::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::admin::views as admin;
use crate::emails::views as mail;
use crate::papers::views as papers;
use crate::storefront::views::*;
use crate::web::assets::Assets;
use crate::web::pages::Pages;

/// Would end an element, an attribute or an entity if it were not escaped.
const HOSTILE: &str = "<b>\"'&";

/// Elements that have no end.
const VOID: [&str; 8] = ["br", "hr", "img", "input", "link", "meta", "source", "!doctype"];

fn text() -> String {
    HOSTILE.to_owned()
}

fn money() -> MoneyView {
    MoneyView { symbol: "€".into(), whole: "1".into(), fraction: "50".into(), text: "€1.50".into(), is_zero: false }
}

fn link() -> Link {
    Link::new(HOSTILE, HOSTILE)
}

fn notice() -> Option<Notice> {
    Some(Notice::new(Tone::Bad, HOSTILE, HOSTILE).with(HOSTILE, HOSTILE))
}

fn field() -> Field {
    Field { value: text(), error: text() }
}

fn select() -> SelectField {
    SelectField { error: text(), ..SelectField::new([(HOSTILE, HOSTILE), ("other", "Other")], HOSTILE) }
}

fn problems() -> Vec<Problem> {
    vec![Problem { field: text(), text: text() }]
}

fn rows() -> Vec<Row> {
    vec![Row::new(HOSTILE, HOSTILE)]
}

fn picture() -> Picture {
    let (src, alt, initial) = (text(), text(), text());
    Picture { src, jpeg: text(), avif: text(), alt, width: 9, height: 9, tone: "#c8b89a".into(), initial }
}

fn price() -> PriceView {
    PriceView { now: money(), was: Some(money()), lowest: Some(money()), from: true, percent_off: Some(20) }
}

fn stock(can_buy: bool) -> StockView {
    StockView { tone: Tone::Warn, text: text(), can_buy, waits: false }
}

fn tiles() -> Vec<ProductTile> {
    let (href, title, vendor, badge) = (text(), text(), text(), text());
    let tile = ProductTile { href, title, vendor, picture: picture(), price: price(), stock: stock(true), badge };
    vec![ProductTile { picture: Picture { src: String::new(), ..picture() }, ..tile.clone() }, tile]
}

fn pagination() -> Pagination {
    Pagination::new(300, 5, 24, |_| text())
}

fn shell() -> Shell {
    let category = |current| CategoryLink { name: text(), href: text(), count: 3, current };
    Shell {
        shop_name: text(),
        title: text(),
        description: text(),
        path: "/path".into(),
        categories: vec![category(true), category(false)],
        query: text(),
        cart_count: Some(2),
        csrf: text(),
        notice: notice(),
        test_mode: true,
        taxes_added: true,
        noindex: true,
        canonical: text(),
    }
}

fn totals() -> Totals {
    let rows = || vec![TotalRow::new(text(), money())];
    let (shipping_name, shipping_note, shipping_reduction) = (text(), text(), text());
    let (subtotal, shipping, total) = (money(), Some(money()), money());
    let (reductions, taxes_added, taxes_contained) = (rows(), rows(), rows());
    Totals {
        subtotal,
        reductions,
        shipping_name,
        shipping,
        shipping_note,
        shipping_reduction,
        taxes_added,
        total,
        paid_by: rows(),
        due: money(),
        due_name: text(),
        taxes_contained,
    }
}

fn lines() -> Vec<SummaryLine> {
    vec![SummaryLine {
        title: text(),
        options: text(),
        picture: picture(),
        quantity: 2,
        line_total: money(),
        reductions: vec![text()],
    }]
}

fn summary() -> OrderSummary {
    OrderSummary { lines: lines(), totals: Totals { shipping: None, ..totals() } }
}

fn methods() -> Vec<MethodChoice> {
    let method = |is_test| MethodChoice { code: text(), title: text(), description: text(), is_test, chosen: !is_test };
    vec![method(false), method(true)]
}

fn done() -> Vec<DoneStep> {
    vec![DoneStep { name: text(), lines: vec![text(), text()], href: text() }]
}

fn hero() -> Hero {
    Hero { picture: picture(), eyebrow: text(), heading: text(), text: text(), action: Some(link()) }
}

fn home() -> HomePage {
    let (eyebrow, heading, caption) = (text(), text(), text());
    let editorial = Editorial {
        picture: picture(),
        caption,
        eyebrow: eyebrow.clone(),
        heading: heading.clone(),
        paragraphs: vec![text()],
        action: Some(link()),
    };
    HomePage {
        shell: Shell { cart_count: None, ..shell() },
        hero: hero(),
        tiles: vec![CategoryTile { name: text(), href: text(), count: text(), picture: picture() }],
        row: ProductRow { eyebrow, heading, items: tiles() },
        editorial: Some(editorial),
    }
}

fn listing() -> ListingPage {
    let (heading, summary, sort, items) = (text(), text(), select(), tiles());
    let (breadcrumb, pagination) = (vec![link()], pagination());
    ListingPage { shell: shell(), breadcrumb, heading, total: 300, summary, sort, items, pagination }
}

fn search() -> SearchPage {
    let (summary, items, suggestions) = (text(), tiles(), tiles());
    SearchPage { shell: shell(), cut: true, total: 300, summary, items, pagination: pagination(), suggestions }
}

fn product(can_buy: bool) -> ProductPage {
    let value = |chosen| OptionValue { name: text(), href: text(), chosen, sold_out: chosen, note: text() };
    ProductPage {
        shell: shell(),
        breadcrumb: vec![link()],
        heading: text(),
        vendor: text(),
        gallery: vec![picture(), picture()],
        price: price(),
        tiers: rows(),
        tax_note: text(),
        options: vec![OptionGroup { name: text(), chosen: text(), values: vec![value(true), value(false)] }],
        variant_id: text(),
        variant_name: text(),
        sku: text(),
        stock: stock(can_buy),
        others_in_stock: !can_buy,
        expected_price: 150,
        max_quantity: 9,
        facts: vec![Fact { icon: "truck".into(), text: text(), detail: text() }],
        description_html: "<p>Harmless <em>already</em></p>".into(),
        specification: rows(),
        related: tiles(),
    }
}

fn cart() -> CartPage {
    let line = |counts| CartLineView {
        id: text(),
        href: text(),
        title: text(),
        options: text(),
        picture: picture(),
        unit_price: money(),
        quantity: Field { value: "2".into(), error: text() },
        count: 2,
        max_quantity: 9,
        line_total: money(),
        reductions: vec![text()],
        counts,
        tone: Tone::Warn,
        message: text(),
    };
    CartPage {
        shell: shell(),
        lines: vec![line(true), line(false)],
        summary: text(),
        totals: totals(),
        estimate_note: text(),
        free_delivery: text(),
        codes: vec![CodeView { code: text(), text: text(), tone: Tone::Ok }],
        code: Field { value: text(), error: text() },
        can_check_out: true,
        suggestions: tiles(),
    }
}

fn contact() -> ContactPage {
    ContactPage {
        shell: shell(),
        problems: problems(),
        email: field(),
        name: field(),
        country: select(),
        line1: field(),
        line2: field(),
        postcode: field(),
        city: field(),
        phone: field(),
        summary: summary(),
    }
}

fn delivery() -> DeliveryPage {
    let (code, name, arrival, note) = (text(), text(), text(), text());
    let choices = vec![DeliveryChoice { code, name, arrival, price: money(), note, chosen: true }];
    DeliveryPage { shell: shell(), problems: problems(), done: done(), choices, country: text(), summary: summary() }
}

fn payment() -> PaymentPage {
    PaymentPage {
        shell: shell(),
        problems: problems(),
        done: done(),
        methods: methods(),
        is_covered: false,
        gift_cards: vec![GiftCardView { id: text(), name: text(), text: text() }],
        gift_card: field(),
        key: text(),
        expected_total: 150,
        expected_gift_cards: text(),
        held_until: text(),
        summary: summary(),
    }
}

fn waiting(late: bool) -> WaitingPage {
    let (number, email, order_href) = (text(), text(), text());
    WaitingPage { shell: shell(), number, email, late, refresh_seconds: 3, order_href }
}

fn order() -> OrderPage {
    let step = |state| ProgressStep { name: text(), text: text(), state };
    OrderPage {
        shell: shell(),
        number: text(),
        placed: text(),
        headline: text(),
        lead: text(),
        email: text(),
        progress: vec![step(StepState::Done), step(StepState::Current), step(StepState::Next)],
        lines: lines(),
        totals: totals(),
        parcels: vec![ParcelView {
            name: text(),
            text: text(),
            carrier: text(),
            tracking_number: text(),
            contents: vec![text()],
        }],
        address: vec![text(), text()],
        payment: PaymentState { method: text(), tone: Tone::Warn, text: text(), instructions: rows() },
        documents: document_links(),
        refunds: rows(),
        returns: vec![ReturnView {
            name: text(),
            text: text(),
            lines: vec![text()],
            answer: text(),
            cancel: Some(text()),
        }],
        cancel: Some(CancelForm { action: text(), key: text(), pays_back: true }),
        return_form: Some(ReturnForm {
            action: text(),
            key: text(),
            reason: field(),
            lines: vec![ReturnLineField { name: text(), title: text(), most: 2, quantity: field() }],
        }),
        retry: Some(RetryForm { action: text(), key: text(), methods: methods() }),
        refresh_seconds: Some(10),
    }
}

fn unlock() -> UnlockPage {
    let order = order();
    UnlockPage {
        shell: shell(),
        problems: problems(),
        number: text(),
        placed: text(),
        headline: text(),
        lead: text(),
        progress: order.progress,
        parcels: order.parcels,
        masked: rows(),
        action: text(),
        email: field(),
        postcode: field(),
    }
}

fn card_payment(has_fields: bool) -> CardPaymentPage {
    let (action, number, key, secret, return_url, nonce) = (text(), text(), text(), text(), text(), text());
    CardPaymentPage { shell: shell(), action, number, amount: money(), has_fields, key, secret, return_url, nonce }
}

fn document_links() -> Vec<papers::DocumentLink> {
    let link = |xml| papers::DocumentLink { name: text(), date: text(), total: text(), href: text(), pdf: text(), xml };
    vec![link(text()), link(String::new())]
}

fn paper() -> papers::Paper {
    let column = |number| papers::Column { name: text(), number };
    let line = |detail| papers::PaperLine { title: text(), detail, cells: vec![text(), text()] };
    let sum = |strong| papers::Sum { name: text(), value: text(), strong };
    papers::Paper {
        shop_name: text(),
        title: text(),
        number: text(),
        lead: text(),
        sender: text(),
        recipient: vec![text(), text()],
        facts: rows(),
        columns: vec![column(false), column(true), column(true)],
        lines: vec![line(text()), line(String::new())],
        sums: vec![sum(false), sum(true)],
        vat: vec![[text(), text(), text(), text()]],
        notes: vec![text()],
        foot: vec![vec![text(), text()], vec![text()]],
        at: Timestamp(0),
    }
}

fn document_mail() -> mail::DocumentMail {
    mail::DocumentMail {
        shop_name: text(),
        shop_url: text(),
        order_url: text(),
        number: text(),
        placed: text(),
        what: text(),
        document_number: text(),
        total: money(),
        test_mode: true,
    }
}

fn test_payment(return_href: &str) -> TestPaymentPage {
    let (shop_name, action, number) = (text(), text(), text());
    TestPaymentPage {
        shop_name,
        action,
        number,
        amount: money(),
        authenticating: true,
        can_dispute: true,
        return_href: return_href.into(),
    }
}

fn problem() -> ProblemPage {
    let actions = vec![link(), link()];
    ProblemPage { shell: shell(), heading: text(), text: text(), search: text(), actions, reference: text() }
}

fn staff_shell() -> admin::AdminShell {
    admin::AdminShell {
        shop_name: text(),
        title: text(),
        section: "orders".into(),
        staff_name: text(),
        staff_role: text(),
        may: admin::Rights {
            read_orders: true,
            manage_orders: true,
            read_products: true,
            manage_products: true,
            manage_stock: true,
        },
        csrf: text(),
        notice: notice(),
        test_mode: true,
    }
}

fn status() -> admin::Status {
    admin::Status::new(Tone::Info, HOSTILE)
}

fn tabs() -> Vec<admin::Tab> {
    vec![admin::Tab { text: text(), href: text(), current: true }]
}

fn cursor() -> admin::Cursor {
    admin::Cursor { first: Some(text()), next: Some(text()) }
}

fn sign_in() -> admin::SignInPage {
    admin::SignInPage { shop_name: text(), next: text(), email: field(), notice: notice() }
}

fn confirm() -> admin::ConfirmPage {
    admin::ConfirmPage {
        shop_name: text(),
        email: text(),
        action: text(),
        fields: rows(),
        csrf: text(),
        password: field(),
        notice: notice(),
        back: text(),
    }
}

fn setup(closed: bool) -> admin::SetupPage {
    let (shop_name, action, problems) = (text(), text(), problems());
    admin::SetupPage { shop_name, action, problems, name: field(), email: field(), password: field(), closed }
}

fn staff_orders() -> admin::OrdersPage {
    let row = admin::OrderRow {
        href: text(),
        number: text(),
        placed: text(),
        customer: text(),
        email: text(),
        country: text(),
        items: 2,
        payment: status(),
        packing: status(),
        total: money(),
    };
    let (shell, view, query) = (staff_shell(), text(), text());
    admin::OrdersPage { shell, tabs: tabs(), view, query, rows: vec![row], cursor: cursor() }
}

fn staff_order() -> admin::OrderDetailPage {
    let line = |open| admin::DetailLine {
        id: text(),
        href: text(),
        title: text(),
        options: text(),
        sku: text(),
        picture: picture(),
        unit_price: money(),
        quantity: 3,
        line_total: money(),
        packed: 1,
        shipped: 1,
        returned: 1,
        open,
        pack: field(),
    };
    let parcel = |ship_key| admin::DetailParcel {
        delivery_note: text(),
        id: text(),
        name: text(),
        status: status(),
        when: text(),
        contents: vec![text()],
        carrier: field(),
        tracking_number: field(),
        ship_key,
    };
    let back = |key: Option<String>| admin::DetailReturn {
        id: text(),
        name: text(),
        status: status(),
        when: text(),
        reason: text(),
        answer: text(),
        lines: vec![admin::ReturnRow {
            id: text(),
            title: text(),
            text: text(),
            most: 2,
            restock: field(),
            write_off: field(),
        }],
        decide_key: key.clone(),
        receive_key: key.clone(),
        shelf: select(),
        refund_key: key,
        to: select(),
        most: money(),
        amount: field(),
    };
    let refund = |record_key| admin::DetailRefund {
        id: text(),
        amount: money(),
        status: status(),
        reason: text(),
        when: text(),
        failure: text(),
        credit_href: text(),
        record_key,
    };
    admin::OrderDetailPage {
        shell: staff_shell(),
        href: text(),
        number: text(),
        placed: text(),
        badges: vec![status()],
        attention: notice(),
        lines: vec![line(2), line(0)],
        totals: totals(),
        parcels: vec![parcel(Some(text())), parcel(None)],
        pack_key: Some(text()),
        pack_blocked: text(),
        paid_key: Some(text()),
        capture_key: Some(text()),
        cancel_key: Some(text()),
        cancel_refund: text(),
        refunds: vec![refund(Some(text())), refund(None)],
        returns: vec![back(Some(text())), back(None)],
        return_form: Some(admin::ReturnForm {
            key: text(),
            reason: field(),
            lines: vec![admin::RestockLine { id: text(), title: text(), most: 2, quantity: field() }],
        }),
        refund: Some(admin::RefundForm {
            key: text(),
            most: money(),
            amount: field(),
            to: select(),
            to_hint: text(),
            reason: field(),
            restock: vec![admin::RestockLine { id: text(), title: text(), most: 2, quantity: field() }],
            shelf: select(),
        }),
        payment_method: text(),
        payment: status(),
        instructions: rows(),
        email: text(),
        phone: text(),
        address: vec![text(), text()],
        shipping_name: text(),
        documents: admin::Documents {
            links: document_links(),
            may_issue: true,
            credit_key: Some(text()),
            note: text(),
        },
        timeline: vec![admin::TimelineEntry { at: text(), text: text(), actor: text(), tone: Tone::Ok }],
    }
}

fn draft_order(missing: &str) -> admin::DraftOrderPage {
    admin::DraftOrderPage {
        shell: staff_shell(),
        missing: missing.to_owned(),
        missing_href: text(),
        key: text(),
        expected_total: 740,
        email: text(),
        address: vec![text(), text()],
        summary: summary(),
    }
}

fn staff_products() -> admin::ProductsPage {
    let row = admin::ProductRowView {
        href: text(),
        title: text(),
        vendor: text(),
        category: text(),
        picture: picture(),
        status: status(),
        stock: status(),
        price: price(),
        updated: text(),
    };
    let (shell, tabs, status, query) = (staff_shell(), tabs(), text(), text());
    admin::ProductsPage { shell, tabs, status, query, total: 300, rows: vec![row], pagination: pagination() }
}

fn staff_product() -> admin::ProductFormPage {
    let variant = |place, stock_href| admin::VariantRow {
        place,
        values: vec![field(), field(), field()],
        sku: field(),
        price: field(),
        compare_at: field(),
        barcode: field(),
        weight: field(),
        stock: text(),
        stock_href,
    };
    admin::ProductFormPage {
        shell: staff_shell(),
        action: text(),
        is_new: false,
        can_save: true,
        heading: text(),
        badge: Some(status()),
        shop_href: text(),
        changed: text(),
        problems: problems(),
        conflict: vec![admin::ConflictRow { name: text(), theirs: text(), yours: text() }],
        key: text(),
        version: text(),
        title: field(),
        slug: field(),
        status: select(),
        vendor: field(),
        category: field(),
        categories: vec![text()],
        tags: field(),
        tax_class: field(),
        tax_classes: vec![text()],
        description: field(),
        options: vec![field(), field(), field()],
        variants: vec![variant(0, text()), variant(1, String::new())],
        currency: text(),
        is_listed: true,
        media: vec![picture()],
    }
}

fn price_lists() -> admin::PriceListsPage {
    let (href, name, kind, period) = (text(), text(), text(), text());
    let rows = vec![admin::PriceListRow { href, name, status: status(), kind, prices: 3, priority: 1, period }];
    admin::PriceListsPage { shell: staff_shell(), rows, may_create: true }
}

fn price_list() -> admin::PriceListPage {
    let (href, name, sku, own_price, price) = (text(), text(), text(), money(), money());
    admin::PriceListPage {
        shell: staff_shell(),
        action: text(),
        is_new: false,
        can_save: true,
        heading: text(),
        badge: Some(status()),
        problems: problems(),
        key: text(),
        version: text(),
        name: field(),
        kind: select(),
        priority: field(),
        starts_at: field(),
        ends_at: field(),
        end_action: text(),
        prices_action: text(),
        file_action: text(),
        file_href: text(),
        file_error: text(),
        variant: field(),
        min_quantity: field(),
        price: field(),
        rows: vec![admin::ListedPriceRow { href, name, sku, own_price, from: 10, price }],
        more: true,
        currency: text(),
    }
}

fn price_history() -> admin::PriceHistoryPage {
    let rows = vec![admin::PriceMomentRow { from: text(), variant: text(), price: text() }];
    admin::PriceHistoryPage { shell: staff_shell(), up: text(), heading: text(), rows }
}

fn staff_taxes() -> admin::TaxesPage {
    let (place, class, name, percent, valid_from) = (text(), text(), text(), text(), text());
    admin::TaxesPage {
        shell: staff_shell(),
        rows: vec![admin::TaxRow { place, class, name, percent, valid_from, status: status() }],
        may_change: true,
        problems: problems(),
        key: text(),
        country: field(),
        region: field(),
        class: field(),
        classes: vec![text()],
        name: field(),
        percent: field(),
        valid_from: field(),
    }
}

fn staff_delivery() -> admin::DeliveryRowsPage {
    let (href, name, countries, price, free_from, days) = (text(), text(), text(), text(), text(), text());
    let rows = vec![admin::DeliveryRow { href, name, countries, price, free_from, days }];
    admin::DeliveryRowsPage { shell: staff_shell(), rows, may_create: true }
}

fn staff_delivery_method() -> admin::DeliveryFormPage {
    admin::DeliveryFormPage {
        shell: staff_shell(),
        action: text(),
        end_action: text(),
        is_new: true,
        can_save: true,
        heading: text(),
        problems: problems(),
        key: text(),
        version: text(),
        code: field(),
        name: field(),
        countries: field(),
        price: field(),
        free_from: field(),
        max_grams: field(),
        min_days: field(),
        max_days: field(),
        rates: vec![[field(), field(), field()]],
        taxes_added: true,
        currency: text(),
    }
}

fn staff_discounts() -> admin::DiscountsPage {
    let (href, label, what, codes, period) = (text(), text(), text(), text(), text());
    let rows = vec![admin::DiscountRow { href, label, status: status(), what, codes, uses: 3, period }];
    admin::DiscountsPage { shell: staff_shell(), rows, may_create: true }
}

fn staff_gift_cards() -> admin::GiftCardsPage {
    let row = admin::GiftCardRow {
        href: text(),
        name: text(),
        status: status(),
        reason: text(),
        email: text(),
        issued: money(),
        balance: money(),
        created: text(),
    };
    let cursor = admin::Cursor { first: Some(text()), next: Some(text()) };
    admin::GiftCardsPage { shell: staff_shell(), query: text(), rows: vec![row], cursor, may_issue: true }
}

fn staff_gift_card() -> admin::GiftCardPage {
    let moved =
        admin::GiftCardMovementRow { text: text(), amount: text(), order_href: text(), actor: text(), at: text() };
    admin::GiftCardPage {
        shell: staff_shell(),
        problems: problems(),
        href: text(),
        name: text(),
        status: status(),
        code: text(),
        balance: money(),
        issued: money(),
        reason: text(),
        note: vec![text(), text()],
        email: text(),
        expires: text(),
        created: text(),
        movements: vec![moved],
        close_key: Some(text()),
        close_note: field(),
    }
}

fn staff_gift_card_new() -> admin::GiftCardIssuePage {
    let (shell, key, currency) = (staff_shell(), text(), text());
    let (amount, email, expires_at, note) = (field(), field(), field(), field());
    admin::GiftCardIssuePage { shell, problems: problems(), key, currency, amount, email, expires_at, note }
}

fn staff_discount() -> admin::DiscountFormPage {
    admin::DiscountFormPage {
        shell: staff_shell(),
        action: text(),
        is_new: false,
        can_save: true,
        heading: text(),
        badge: Some(status()),
        fixed: Vec::new(),
        problems: problems(),
        key: text(),
        version: text(),
        label: field(),
        kind: select(),
        percent: field(),
        amount: field(),
        category: select(),
        bought: select(),
        buy: field(),
        get: field(),
        get_percent: field(),
        most: field(),
        steps: vec![[field(), field(), field()]],
        minimum: field(),
        only_regular: select(),
        exclusive: select(),
        priority: field(),
        starts_at: field(),
        ends_at: field(),
        by_code: true,
        codes: field(),
        limit: field(),
        limit_per_customer: field(),
        announced: select(),
        given_back: select(),
        uses: vec![(text(), 3)],
        end_action: text(),
        currency: text(),
    }
}

fn stock_row(tracked: bool) -> admin::StockRow {
    admin::StockRow {
        href: text(),
        sku: text(),
        title: text(),
        status: status(),
        on_hand: 9,
        reserved: 1,
        allocated: 1,
        available: 7,
        incoming: 3,
        safety_stock: 0,
        tracked,
        key: text(),
        delta: field(),
        reason: select(),
    }
}

fn payment_check(open: bool) -> admin::PaymentCheckRow {
    admin::PaymentCheckRow {
        href: text(),
        heading: text(),
        advice: if open { text() } else { String::new() },
        provider: text(),
        subject: text(),
        order_href: text(),
        amount: money(),
        evidence: text(),
        found: text(),
        status: status(),
        settlement: if open { String::new() } else { text() },
        may_ask: open,
        may_give_back: open,
        may_close: open,
    }
}

fn payment_checks(rows: Vec<admin::PaymentCheckRow>) -> admin::PaymentChecksPage {
    admin::PaymentChecksPage { shell: staff_shell(), tabs: tabs(), rows, cursor: cursor() }
}

fn staff_stock() -> admin::StockPage {
    let rows = vec![stock_row(true), stock_row(false)];
    let (view, query, location) = (text(), text(), select());
    admin::StockPage { shell: staff_shell(), tabs: tabs(), view, query, location, rows, cursor: cursor() }
}

fn ledger() -> admin::LedgerPage {
    let movement = admin::MovementRow {
        at: text(),
        kind: text(),
        on_hand: text(),
        reserved: text(),
        allocated: text(),
        after: 9,
        location: text(),
        reason: text(),
        actor: text(),
        reference: Some(link()),
    };
    let at = |ships| admin::LevelRow {
        id: text(),
        name: text(),
        ships,
        on_hand: 9,
        reserved: 1,
        allocated: 1,
        available: 7,
        key: text(),
        incoming: Field::new(text()),
        safety_stock: Field::new(text()),
        low_stock_threshold: Field::new(text()),
    };
    admin::LedgerPage {
        shell: staff_shell(),
        problems: problems(),
        level: stock_row(true),
        location: select(),
        note: field(),
        levels: vec![at(true), at(false)],
        receive: admin::ReceiveForm { key: text(), quantity: field(), reference: field(), location: select() },
        transfer: Some(admin::TransferForm {
            key: text(),
            quantity: field(),
            from: select(),
            to: select(),
            reason: field(),
        }),
        policy_key: text(),
        policy: select(),
        kinds: tabs(),
        rows: vec![movement],
        cursor: cursor(),
    }
}

fn stock_locations() -> admin::LocationsPage {
    let form = |id: &str, field: fn() -> Field, select: fn() -> SelectField| admin::LocationForm {
        id: id.into(),
        heading: text(),
        key: text(),
        name: field(),
        address: field(),
        priority: field(),
        ships: select(),
        is_default: id == "main",
    };
    let fine: fn() -> SelectField = || SelectField { error: String::new(), ..select() };
    let forms = vec![form("main", || Field::new(text()), fine), form("", field, select)];
    admin::LocationsPage { shell: staff_shell(), problems: problems(), forms }
}

fn import() -> admin::ImportPage {
    let (href, file_name, started, actor) = (text(), text(), text(), text());
    let job = admin::ImportJobRow { href, file_name, started, actor, status: status() };
    admin::ImportPage { shell: staff_shell(), action: text(), error: text(), jobs: vec![job] }
}

fn figures() -> Vec<admin::Figure> {
    vec![admin::Figure { name: text(), value: text(), tone: Tone::Bad }]
}

fn import_job(status: &str) -> admin::ImportJobPage {
    admin::ImportJobPage {
        shell: staff_shell(),
        href: text(),
        file_name: text(),
        started: text(),
        status: status.into(),
        done: 1,
        total: 2,
        refresh_seconds: Some(2),
        figures: figures(),
        rejects: vec![admin::RejectRow { row: text(), product: text(), field: text(), problem: text() }],
        rejects_total: 1,
        can_apply: true,
        error: text(),
    }
}

fn system() -> admin::SystemPage {
    let module = || vec![admin::ModuleView { name: text(), status: status(), place: text(), facts: rows() }];
    admin::SystemPage {
        shell: staff_shell(),
        version: text(),
        database: text(),
        here: module(),
        elsewhere: module(),
        queues: figures(),
        settings: vec![admin::SettingRow { name: text(), value: text(), source: text() }],
    }
}

fn mail_credit() -> mail::MailCredit {
    mail::MailCredit { code: text(), amount: money(), expires: text() }
}

fn gift_card_mail() -> mail::GiftCardMail {
    mail::GiftCardMail { shop_name: text(), shop_url: text(), credit: mail_credit(), test_mode: true }
}

fn order_mail(is_paid: bool) -> mail::OrderMail {
    let line = || vec![mail::MailLine { title: text(), options: text(), quantity: 2, line_total: money() }];
    let parcel = mail::MailParcel { carrier: text(), tracking_number: text(), lines: line(), more_to_come: true };
    mail::OrderMail {
        shop_name: text(),
        shop_url: text(),
        order_url: text(),
        number: text(),
        placed: text(),
        name: text(),
        lines: line(),
        subtotal: money(),
        reductions: vec![TotalRow::new(text(), money())],
        shipping_name: text(),
        shipping: money(),
        taxes_added: vec![TotalRow::new(text(), money())],
        taxes_contained: vec![TotalRow::new(text(), money())],
        total: money(),
        paid_by: vec![TotalRow::new(text(), money())],
        due: money(),
        due_name: text(),
        address: vec![text()],
        is_paid,
        to_pay: text(),
        instructions: rows(),
        back: Some(mail::MailReturn { status: "approved".to_owned(), answer: text(), lines: vec![text()] }),
        refund: Some(mail::MailRefund {
            amount: money(),
            method: text(),
            to_gift_cards: text(),
            credit: (!is_paid).then(mail_credit),
        }),
        parcel: Some(parcel),
        test_mode: true,
    }
}

/// Every template with the pages that it is to show.
fn samples() -> Vec<(&'static str, Value)> {
    fn page(name: &'static str, page: impl Serialize) -> (&'static str, Value) {
        (name, serde_json::to_value(page).expect("plain data"))
    }
    let mut samples = vec![
        page("storefront/home.html", home()),
        page("storefront/listing.html", listing()),
        page("storefront/search.html", search()),
        page("storefront/product.html", product(true)),
        page("storefront/product.html", product(false)),
        page("storefront/cart.html", cart()),
        page("storefront/checkout/contact.html", contact()),
        page("storefront/checkout/delivery.html", delivery()),
        page("storefront/checkout/payment.html", payment()),
        page("storefront/checkout/payment.html", PaymentPage { is_covered: true, methods: Vec::new(), ..payment() }),
        page("storefront/checkout/waiting.html", waiting(true)),
        page("storefront/checkout/waiting.html", waiting(false)),
        page("storefront/order.html", order()),
        page("storefront/unlock.html", unlock()),
        page("storefront/card_payment.html", card_payment(true)),
        page("storefront/card_payment.html", card_payment(false)),
        page("storefront/test_payment.html", test_payment("")),
        page("storefront/test_payment.html", test_payment(HOSTILE)),
        page("storefront/problem.html", problem()),
        page("admin/sign_in.html", sign_in()),
        page("admin/confirm.html", confirm()),
        page("admin/export.html", admin::ExportPage { shell: staff_shell(), href: text() }),
        page("admin/setup.html", setup(false)),
        page("admin/setup.html", setup(true)),
        page("admin/orders.html", staff_orders()),
        page("admin/order.html", staff_order()),
        page("admin/draft_order.html", draft_order("")),
        page("admin/draft_order.html", draft_order(HOSTILE)),
        page("admin/products.html", staff_products()),
        page("admin/product.html", staff_product()),
        page("admin/price_lists.html", price_lists()),
        page("admin/price_list.html", price_list()),
        page("admin/price_history.html", price_history()),
        page("admin/payments.html", payment_checks(vec![payment_check(true), payment_check(false)])),
        page("admin/payments.html", payment_checks(Vec::new())),
        page("admin/taxes.html", staff_taxes()),
        page("admin/delivery.html", staff_delivery()),
        page("admin/delivery_method.html", staff_delivery_method()),
        page("admin/gift_cards.html", staff_gift_cards()),
        page("admin/gift_card.html", staff_gift_card()),
        page("admin/gift_card_new.html", staff_gift_card_new()),
        page("admin/discounts.html", staff_discounts()),
        page("admin/discount.html", staff_discount()),
        page("admin/stock.html", staff_stock()),
        page("admin/locations.html", stock_locations()),
        page("admin/ledger.html", ledger()),
        page("admin/import.html", import()),
        page("admin/system.html", system()),
        page("papers/paper.html", paper()),
        page("papers/paper.html", papers::Paper { sums: Vec::new(), vat: Vec::new(), ..paper() }),
        page("emails/gift_card.html", gift_card_mail()),
        page("emails/gift_card.txt", gift_card_mail()),
        page("emails/document.html", document_mail()),
        page("emails/document.txt", document_mail()),
    ];
    let states = ["checking", "checked", "applying", "done", "failed"];
    samples.extend(states.map(|state| page("admin/import_job.html", import_job(state))));
    for name in [
        "order_received",
        "order_paid",
        "order_shipped",
        "order_refunded",
        "order_canceled",
        "order_return",
        "order_to_pay",
    ]
    .map(|name| format!("emails/{name}"))
    {
        for template in [format!("{name}.html"), format!("{name}.txt")] {
            let template: &'static str = template.leak();
            samples.extend([true, false].map(|is_paid| page(template, order_mail(is_paid))));
        }
    }
    samples
}

/// The same page with nothing in it: no words, no lists, nothing optional, and each yes a no.
fn emptied(page: &Value) -> Value {
    let mut page = page.clone();
    for (name, value) in page.as_object_mut().expect("a page") {
        match value {
            Value::String(text) if name != "status" => text.clear(),
            Value::Array(items) => items.clear(),
            Value::Bool(yes) => *yes = !*yes,
            Value::Number(number) => *number = 0.into(),
            _ if [
                "retry",
                "refund",
                "return_form",
                "cancel",
                "editorial",
                "parcel",
                "badge",
                "transfer",
                "attention",
            ]
            .contains(&name.as_str()) =>
            {
                *value = Value::Null;
            }
            _ => {}
        }
    }
    page
}

fn pages() -> Pages {
    let assets: &'static Assets = Box::leak(Box::new(Assets::load()));
    Pages::load(assets).expect("templates")
}

/// What is wrong with the nesting of elements; empty when nothing is.
fn nesting(html: &str) -> String {
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with("!--")) {
        let tag = tag.split('>').next().unwrap_or_default();
        let name =
            tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        if tag.starts_with('/') {
            let last = open.pop();
            if last != Some(name) {
                return format!("</{name}> ends {last:?} in {open:?}");
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    if open.is_empty() { String::new() } else { format!("{open:?} have no end") }
}

fn check_page(name: &str, html: &str) {
    assert_eq!(nesting(html), "", "{name}");
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}: no language");
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading says what the page is");
    assert_eq!(html.matches("<title>").count(), 1, "{name}");
    assert!(!html.contains(HOSTILE), "{name}: text gets into the page unescaped");
    let scripts = ["<script", "javascript:", "onclick=", "onchange=", "onload=", "onerror=", "onsubmit="];
    // The fields of a payment provider come by scripts of their own files; nothing is written into the page itself.
    let of_files = if name == "storefront/card_payment.html" { "<script src=" } else { "<script src is never here" };
    let inline = html.replace(of_files, "");
    assert!(!scripts.iter().any(|script| inline.contains(script)), "{name}: a script");
    assert!(name.starts_with("emails/") || (!html.contains(" style=") && !html.contains("<style")), "{name}: a style");
    assert!(!html.contains("{{") && !html.contains("{%"), "{name}: a piece of template");
}

#[test]
fn every_template_shows_its_page_full_and_empty() {
    let pages = pages();
    for (name, sample) in samples() {
        for page in [emptied(&sample), sample] {
            let text = pages.render(name, &page).unwrap_or_else(|problem| panic!("{problem:?}"));
            if name.ends_with(".html") {
                check_page(name, &text);
            } else {
                assert!(!text.contains("&lt;") && !text.contains("{{"), "{name}: a mail in plain text is not HTML");
            }
        }
    }
}

#[test]
fn no_template_is_left_without_a_sample() {
    let known: BTreeSet<String> = samples().into_iter().map(|(name, _)| name.to_owned()).collect();
    let parts = ["layouts/", "parts/", "500.html"];
    let templates = Pages::names().filter(|name| !parts.iter().any(|part| name.starts_with(part)));
    assert_eq!(templates.collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_field_of_a_page_is_shown_or_decides_something() {
    fn names(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                found.insert(name.clone());
                names(value, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    samples().iter().for_each(|(_, page)| names(page, &mut found));
    let words: String = Pages::names().map(|name| Pages::source(&name)).collect();
    let words: BTreeSet<&str> = words.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let unused: Vec<&String> = found.iter().filter(|name| !words.contains(name.as_str())).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn the_page_of_last_resort_stands_alone() {
    let html = Pages::source("500.html");
    assert_eq!(nesting(&html), "");
    assert!(
        !html.contains("src=") && !html.contains("<link") && !html.contains("<script") && !html.contains(" style=")
    );
    let response = crate::web::pages::last_resort("4bf92f35");
    let policy = response.headers().get("content-security-policy").and_then(|policy| policy.to_str().ok());
    assert!(
        policy.is_some_and(|policy| policy.contains("style-src 'sha256-") && policy.starts_with("default-src 'none'"))
    );
}
