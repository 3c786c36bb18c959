//! Mails that carry the code of a gift card. The code is asked for when the mail is written, and kept nowhere.

use billing_api::{FindPayment, GiftCard, GiftCardId, GiftCardIssued, GiftCardQuery, GiftCardStatus};
use kernel::inbox::Subscription;
use kernel::{CallCtx, Clock};
use lettre::Message;
use orders_api::Order;

use super::views::{GiftCardMail, MailCredit, MailRefund};
use super::{body, envelope_to};
use crate::assemble::Shop;
use crate::store::{self, OutgoingEmail};
use crate::storefront::views::MoneyView;

/// The kind of mail that brings somebody a gift card. It is about a card, and about no order.
pub(super) const GIFT_CARD: &str = "gift_card";

/// Queues a mail for each card whose owner is to get its code. Never replayed: a mail is not sent twice.
pub fn gift_card_subscription(clock: Clock) -> Subscription {
    Subscription::new("app.gift_cards", "billing")
        .on::<GiftCardIssued>(move |conn, _, event| {
            if !event.is_mailed {
                return Ok(());
            }
            Ok(store::email_insert(conn, GIFT_CARD, "", &event.gift_card_id.to_string(), clock.now())?)
        })
        .once()
}

/// The mail with a card; `None` when it was closed by now.
pub(super) async fn write(shop: &Shop, email: &OutgoingEmail, ctx: &CallCtx) -> Result<Option<Message>, String> {
    let id: GiftCardId = email.about.parse().map_err(|_| "the gift card's id cannot be read".to_owned())?;
    let card = card(shop, ctx, id).await?;
    let Some(address) = card.email.as_ref().filter(|_| card.status == GiftCardStatus::Open) else { return Ok(None) };
    let settings = shop.settings();
    let view = GiftCardMail {
        shop_name: settings.shop_name.clone(),
        shop_url: settings.base_url.clone(),
        credit: MailCredit::of(&card).ok_or("billing does not tell the code")?,
        test_mode: false,
    };
    let subject = format!("A gift card for {}", settings.shop_name);
    let message = envelope_to(shop, email, address, subject)?.multipart(body(shop, GIFT_CARD, &view)?);
    message.map(Some).map_err(|error| error.to_string())
}

/// Adds to the mail about a refund what became of it: the code of the store credit, or what is back on gift cards.
pub(super) async fn complete(
    shop: &Shop,
    ctx: &CallCtx,
    (order, number): (&Order, &str),
    refund: &mut MailRefund,
) -> Result<(), String> {
    let Some(made) = order.refunds.iter().find(|made| made.number.to_string() == number) else { return Ok(()) };
    if let Some(id) = &made.gift_card_id {
        let id = id.parse().map_err(|_| "the gift card's id cannot be read".to_owned())?;
        refund.credit = MailCredit::of(&card(shop, ctx, id).await?);
    } else if !order.gift_cards.is_empty() {
        let find = FindPayment { order_id: order.id.to_string() };
        let payment = shop.billing().payment(ctx, find).await.map_err(|error| error.to_string())?;
        let refunds = payment.map(|payment| payment.refunds).unwrap_or_default();
        let known = refunds.into_iter().find(|known| Some(known.id.to_string()) == made.refund_id);
        let to_gift_cards = known.and_then(|known| known.to_gift_cards);
        refund.to_gift_cards = to_gift_cards.map(|part| MoneyView::from(part).text).unwrap_or_default();
    }
    Ok(())
}

/// A card with its code.
async fn card(shop: &Shop, ctx: &CallCtx, id: GiftCardId) -> Result<GiftCard, String> {
    let found = shop.billing().gift_cards(ctx, GiftCardQuery::ToMail { id }.into()).await;
    let found = found.map_err(|error| error.to_string())?;
    found.items.into_iter().next().ok_or_else(|| "there is no such gift card".to_owned())
}
