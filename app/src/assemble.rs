//! Builds the modules and joins them: the place to see who talks to whom.

use std::collections::HashMap;
use std::sync::Arc;

use accounts_api::Accounts;
use billing_api::{Billing, NotANumbering, Numbering};
use cart_api::{Carts, TaxPolicy, TaxRounding};
use catalog_api::{Catalog, Media};
use host::settings::{Settings, SettingsError};
use host::{Host, StartError};
use inventory_api::Inventory;
use kernel::db::{Db, Schema, embed_migrations};
use kernel::{CallCtx, CallError, Clock, Principal, Secret};
use orders_api::{FindOrder, Order, Orders, OrdersError};

use crate::emails::Mailer;
use crate::jobs::payment_alarm::PaymentAlarm;
use crate::storefront::standing::Kept;
use crate::web::assets::Assets;
use crate::web::cache::PageCache;
use crate::web::cookies::Names;
use crate::web::csrf;
use crate::web::limits::Limits;
use crate::web::pages::Pages;
use crate::web::signature::Keys;

/// The modules, wherever each of them is.
#[derive(Clone)]
pub struct Modules {
    /// What the shop sells.
    pub catalog: Arc<dyn Catalog>,
    /// What is there.
    pub inventory: Arc<dyn Inventory>,
    /// How it is paid.
    pub billing: Arc<dyn Billing>,
    /// Buying.
    pub orders: Arc<dyn Orders>,
    /// What shoppers have gathered.
    pub cart: Arc<dyn Carts>,
    /// Who may do what.
    pub accounts: Arc<dyn Accounts>,
}

/// Places every module and joins it to its neighbours. A module gets the traits of those it asks, and nothing else.
///
/// # Errors
/// A module's data could not be opened.
pub async fn modules(host: &Host) -> Result<Modules, StartError> {
    let settings = host.settings();
    let clock = || host.clock();
    let currency = settings.shop_currency;

    let catalog: Arc<dyn Catalog> = host.place(catalog::schema(), |db| catalog::start(db, clock(), currency)).await?;
    let inventory: Arc<dyn Inventory> = host.place(inventory::schema(), |db| inventory::start(db, clock())).await?;
    let billing: Arc<dyn Billing> =
        host.place(billing::schema(), |db| billing::start(db, clock(), billing_settings(settings))).await?;
    let orders: Arc<dyn Orders> = host
        .place(orders::schema(), |db| {
            let settings = orders::OrdersSettings { currency };
            orders::start(db, clock(), Arc::clone(&inventory), Arc::clone(&billing), settings)
        })
        .await?;
    let cart: Arc<dyn Carts> = host
        .place(cart::schema(), |db| {
            let settings = cart::CartSettings {
                currency,
                home_country: settings.shop_country,
                taxes: TaxPolicy {
                    prices_include_tax: settings.prices_include_tax,
                    rounding: TaxRounding::named(&settings.tax_rounding),
                },
            };
            let (catalog, inventory) = (Arc::clone(&catalog), Arc::clone(&inventory));
            let (orders, billing) = (Arc::clone(&orders), Arc::clone(&billing));
            cart::start(db, clock(), catalog, inventory, orders, billing, settings)
        })
        .await?;
    let accounts: Arc<dyn Accounts> = host
        .place(accounts::schema(), |db| {
            let settings = accounts::AccountsSettings {
                pepper: settings.derived_key("passwords"),
                former_pepper: settings.former_key("passwords"),
                shop_name: settings.shop_name.clone(),
            };
            accounts::start(db, clock(), settings)
        })
        .await?;
    Ok(Modules { catalog, inventory, billing, orders, cart, accounts })
}

fn billing_settings(settings: &Settings) -> billing::BillingSettings {
    let stripe = |account: host::settings::StripeAccount| billing::StripeSettings {
        secret_key: account.secret_key,
        publishable_key: account.publishable_key,
        webhook_secrets: account.webhook_secrets,
        api_url: account.api_url,
        page: if account.embedded { billing::StripePage::Embedded } else { billing::StripePage::Hosted },
        base_url: settings.base_url.clone(),
        shop_name: settings.shop_name.clone(),
        http: Arc::new(host::Network),
    };
    let account = |(holder, iban, bic): (String, String, String)| {
        let bic = Some(bic).filter(|bic| !bic.is_empty());
        billing::BankAccount { holder, iban, bic, bank: None }
    };
    billing::BillingSettings {
        bank_account: settings.bank.clone().map(account),
        test_provider: settings.test_payments,
        cash_on_delivery: settings.cash_on_delivery,
        captures_later: settings.captures_later,
        stripe: settings.stripe.clone().map(stripe),
        secret_key: settings.derived_secret("payments"),
        former_secret_key: settings.former_secret("payments"),
    }
}

fn check_numbering(key: &str, numbering: &str) -> Result<(), StartError> {
    let wrong = |error: NotANumbering| SettingsError { key: key.to_owned(), problem: error.to_string() };
    Ok(numbering.parse::<Numbering>().map(|_| ()).map_err(wrong)?)
}

/// The edge's own data: mails to send, imports under way, counters.
pub fn schema() -> Schema {
    Schema {
        module: "app",
        postgres: embed_migrations!("../migrations/app/postgres"),
        sqlite: embed_migrations!("../migrations/app/sqlite"),
    }
}

/// The shop as its pages see it.
#[derive(Clone)]
pub struct Shop(Arc<Parts>);

struct Parts {
    host: Arc<Host>,
    modules: Modules,
    db: Db,
    assets: &'static Assets,
    pages: Pages,
    cache: PageCache,
    standing: Kept,
    limits: Limits,
    mailer: Mailer,
    payment_alarm: PaymentAlarm,
    demo_media: HashMap<String, Media>,
    form_keys: Keys,
    device_keys: Keys,
}

impl Shop {
    /// Opens the shop: the modules, its own data, its templates and files.
    ///
    /// # Errors
    /// Something that it needs is not there; the text says what to do.
    pub async fn open(host: Arc<Host>) -> Result<Self, StartError> {
        let modules = modules(&host).await?;
        let db = host.open(schema()).await?;
        let assets: &'static Assets = Box::leak(Box::new(Assets::load()));
        let pages = Pages::load(assets).map_err(StartError::Missing)?;
        let settings = host.settings();
        check_numbering("FREESTONE_INVOICE_NUMBERS", &settings.invoice_numbers)?;
        check_numbering("FREESTONE_CREDIT_NOTE_NUMBERS", &settings.credit_note_numbers)?;
        let mailer = Mailer::new(settings).map_err(StartError::Missing)?;
        let (form_keys, device_keys) = (Keys::of(settings, "csrf"), Keys::of(settings, "device"));
        let (cache, limits) = (PageCache::new(settings.page_cache), Limits::new(settings.rate_limits));
        let demo_media = crate::demo::media();
        let (standing, payment_alarm) = (Kept::default(), PaymentAlarm::default());
        Ok(Self(Arc::new(Parts {
            host,
            modules,
            db,
            assets,
            pages,
            cache,
            standing,
            limits,
            mailer,
            payment_alarm,
            demo_media,
            form_keys,
            device_keys,
        })))
    }

    /// What runs the modules.
    pub fn host(&self) -> &Arc<Host> {
        &self.0.host
    }

    /// How the process runs.
    pub fn settings(&self) -> &Settings {
        self.0.host.settings()
    }

    /// The modules.
    pub fn modules(&self) -> &Modules {
        &self.0.modules
    }

    /// What the shop sells.
    pub fn catalog(&self) -> &dyn Catalog {
        &*self.0.modules.catalog
    }

    /// What is there.
    pub fn inventory(&self) -> &dyn Inventory {
        &*self.0.modules.inventory
    }

    /// How it is paid.
    pub fn billing(&self) -> &dyn Billing {
        &*self.0.modules.billing
    }

    /// Buying.
    pub fn orders(&self) -> &dyn Orders {
        &*self.0.modules.orders
    }

    /// What shoppers have gathered.
    pub fn carts(&self) -> &dyn Carts {
        &*self.0.modules.cart
    }

    /// Who may do what.
    pub fn accounts(&self) -> &dyn Accounts {
        &*self.0.modules.accounts
    }

    /// The edge's own data.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The present moment.
    pub fn clock(&self) -> Clock {
        self.0.host.clock()
    }

    /// Files.
    pub fn assets(&self) -> &'static Assets {
        self.0.assets
    }

    /// Templates.
    pub fn pages(&self) -> &Pages {
        &self.0.pages
    }

    /// Rendered pages.
    pub fn cache(&self) -> &PageCache {
        &self.0.cache
    }

    /// What hardly ever changes.
    pub fn standing(&self) -> &Kept {
        &self.0.standing
    }

    /// How often one visitor may.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Sends mail.
    pub fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// Whether many payments are declined.
    pub fn payment_alarm(&self) -> &PaymentAlarm {
        &self.0.payment_alarm
    }

    /// The pictures that are part of the binary.
    pub fn demo_media(&self) -> &HashMap<String, Media> {
        &self.0.demo_media
    }

    /// Signs form tokens.
    pub fn form_keys(&self) -> &Keys {
        &self.0.form_keys
    }

    /// Signs the cookies by which devices are known.
    pub fn device_keys(&self) -> &Keys {
        &self.0.device_keys
    }

    /// How cookies are named.
    pub fn cookie_names(&self) -> Names {
        Names::new(&self.settings().base_url)
    }

    /// Whether shoppers reach the shop over HTTPS.
    pub fn is_https(&self) -> bool {
        self.settings().base_url.starts_with("https://")
    }

    /// Whether `host` is an address of the shop. In development the names of this machine are, too.
    pub fn answers_to(&self, host: &str) -> bool {
        let base_url = &self.settings().base_url;
        let own = base_url.split_once("://").map_or(base_url.as_str(), |(_, host)| host);
        host == own || (csrf::is_local(base_url) && csrf::is_local(host))
    }

    /// The secret of the order made from a version of a cart. It is derived, so that nobody has to store it: a second
    /// press of the button, and the mail, lead to the same page.
    pub fn order_secret(&self, cart_id: &str, cart_version: i64) -> Secret {
        self.settings().derived_secret(&order_link(cart_id, cart_version))
    }

    /// The address of an order's page, for mails. One made under the secret key before is opened by the link of that time.
    ///
    /// # Errors
    /// Orders does not say which.
    pub async fn order_url(&self, order: &Order) -> Result<String, CallError<OrdersError>> {
        let mut secret = self.order_secret(&order.cart_id, order.cart_version);
        if let Some(former) = self.settings().former_secret(&order_link(&order.cart_id, order.cart_version)) {
            let ctx = CallCtx::new("app", Principal::Guest(former.clone()));
            let opened = self.orders().order(&ctx, FindOrder::OfPrincipal).await?;
            secret = if opened.is_some() { former } else { secret };
        }
        Ok(format!("{}/o/{}", self.settings().base_url, secret.reveal()))
    }
}

fn order_link(cart_id: &str, cart_version: i64) -> String {
    format!("order link {cart_id}:{cart_version}")
}
