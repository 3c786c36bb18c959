//! Mails about orders: queued by events, written from the order as it is then, sent by SMTP or into a folder.

mod documents;
mod gift_cards;
pub mod views;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use host::settings::{InvoiceOn, Settings};
use kernel::db::AnyConnection;
use kernel::inbox::Subscription;
use kernel::stop::Stop;
use kernel::{CallCtx, Clock, Email, Timestamp};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use orders_api::{
    FindOrder, FulfillmentShipped, Order, OrderCanceled, OrderId, OrderPaid, OrderPlaced, OrderRefunded,
    PaymentRequested, ReturnChanged,
};
use serde::Serialize;

use crate::assemble::Shop;
use crate::store::{self, OutgoingEmail};
use crate::storefront::order::is_paid_later;
pub use documents::INVOICE;
pub use gift_cards::gift_card_subscription;

/// The kind of mail that tells of money that went back.
const REFUNDED: &str = "order_refunded";

/// A mail is tried this often, with growing pauses over about two days, before it is given up.
const MAX_ATTEMPTS: i64 = 12;

/// How mails leave the house.
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

impl Mailer {
    /// By SMTP, or into the folder `mail` of the data folder when no server is set.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let address = settings.mail_from.as_str().parse().map_err(|error| format!("mail_from: {error}"))?;
        let from = Mailbox::new(Some(settings.shop_name.clone()), address);
        let way = match &settings.smtp_url {
            Some(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|error| format!("smtp_url: {error}"))?;
                Way::Smtp(Box::new(transport.timeout(Some(Duration::from_secs(20))).build()))
            }
            None => Way::Folder(settings.data_dir.join("mail")),
        };
        Ok(Self { from, way })
    }

    async fn send(&self, message: Message) -> Result<(), String> {
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(|_| ()).map_err(|error| error.to_string()),
            Way::Folder(folder) => {
                tokio::fs::create_dir_all(folder).await.map_err(|error| error.to_string())?;
                let transport = AsyncFileTransport::<Tokio1Executor>::new(folder);
                transport.send(message).await.map(|_| ()).map_err(|error| error.to_string())
            }
        }
    }
}

/// Queues a mail for each event that the buyer should hear of; that with the invoice also issues it. Never replayed: a
/// mail is not sent twice.
pub fn subscription(clock: Clock, invoice_on: InvoiceOn) -> Subscription {
    let (placed, paid, shipped, refunded) = (clock.clone(), clock.clone(), clock.clone(), clock.clone());
    let (canceled, back, asked) = (clock.clone(), clock.clone(), clock);
    let invoice = move |conn: &mut AnyConnection, on: InvoiceOn, order_id: OrderId, now: Timestamp| {
        if on == invoice_on { store::email_insert(conn, INVOICE, &order_id.to_string(), "", now) } else { Ok(()) }
    };
    Subscription::new("app.mail", "orders")
        .on::<OrderPlaced>(move |conn, _, event| {
            Ok(store::email_insert(conn, "order_received", &event.order_id.to_string(), "", placed.now())?)
        })
        .on::<OrderPaid>(move |conn, _, event| {
            store::email_insert(conn, "order_paid", &event.order_id.to_string(), "", paid.now())?;
            Ok(invoice(conn, InvoiceOn::Paid, event.order_id, paid.now())?)
        })
        .on::<FulfillmentShipped>(move |conn, _, event| {
            let parcel = event.fulfillment_id.to_string();
            store::email_insert(conn, "order_shipped", &event.order_id.to_string(), &parcel, shipped.now())?;
            Ok(invoice(conn, InvoiceOn::Shipped, event.order_id, shipped.now())?)
        })
        .on::<OrderRefunded>(move |conn, _, event| {
            let number = event.refund.to_string();
            Ok(store::email_insert(conn, REFUNDED, &event.order_id.to_string(), &number, refunded.now())?)
        })
        .on::<PaymentRequested>(move |conn, _, event| {
            Ok(store::email_insert(conn, "order_to_pay", &event.order_id.to_string(), "", asked.now())?)
        })
        .on::<ReturnChanged>(move |conn, _, event| {
            let about = format!("{}/{}", event.return_id, event.status.as_str());
            Ok(store::email_insert(conn, "order_return", &event.order_id.to_string(), &about, back.now())?)
        })
        .on::<OrderCanceled>(move |conn, _, event| {
            // Who never heard that an order was placed need not hear that it was not.
            if !event.was_placed {
                return Ok(());
            }
            Ok(store::email_insert(conn, "order_canceled", &event.order_id.to_string(), "", canceled.now())?)
        })
        .once()
}

/// Sends what is due until `stop`.
pub async fn send_all(shop: Shop, stop: Stop) {
    loop {
        let sent = send_due(&shop).await;
        let pause = if sent > 0 { Duration::from_millis(50) } else { Duration::from_millis(700) };
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Sends the mails that are due; gives their number.
async fn send_due(shop: &Shop) -> usize {
    let now = shop.clock().now();
    let due = shop.db().read::<_, orders_api::OrdersError, _>(move |conn| Ok(store::emails_due(conn, now, 20)?)).await;
    let due = due.unwrap_or_else(|error| {
        tracing::warn!(%error, "mails to send could not be read");
        Vec::new()
    });
    let count = due.len();
    for email in due {
        if let Err(error) = send_one(shop, email).await {
            tracing::warn!(%error, "a mail could not be noted");
        }
    }
    count
}

async fn send_one(shop: &Shop, email: OutgoingEmail) -> Result<(), kernel::CallError<orders_api::OrdersError>> {
    let email = Arc::new(email);
    let taken = Arc::clone(&email);
    let until = shop.clock().now().plus(Duration::from_secs(60));
    if !shop.db().write(move |conn| Ok(store::email_take(conn, &taken, until)?)).await? {
        return Ok(());
    }
    let outcome = write_and_send(shop, &email).await;
    let now = shop.clock().now();
    shop.db()
        .write(move |conn| {
            match outcome {
                Ok(status) => store::email_settle(conn, &email.id, status, now)?,
                Err(cause) => {
                    let retry_at = (email.attempts + 1 < MAX_ATTEMPTS).then(|| now.plus(pause_after(email.attempts)));
                    tracing::warn!(email = email.id, attempts = email.attempts + 1, cause, "a mail was not sent");
                    store::email_failed(conn, &email.id, &cause, retry_at)?;
                }
            }
            Ok(())
        })
        .await
}

/// 30 seconds, then twice as long each time, six hours at most.
fn pause_after(attempts: i64) -> Duration {
    let doubled = 30_u64.saturating_mul(1 << attempts.clamp(0, 12));
    Duration::from_secs(doubled.min(6 * 3_600))
}

async fn write_and_send(shop: &Shop, email: &OutgoingEmail) -> Result<&'static str, String> {
    if email.kind == gift_cards::GIFT_CARD {
        return match gift_cards::write(shop, email, &CallCtx::of_module("app")).await? {
            Some(message) => shop.mailer().send(message).await.map(|()| "sent"),
            None => Ok("skipped"),
        };
    }
    let id: OrderId = email.order_id.parse().map_err(|_| "the order's id cannot be read".to_owned())?;
    let ctx = CallCtx::of_module("app");
    let order = shop.orders().order(&ctx, FindOrder::Id(id)).await.map_err(|error| error.to_string())?;
    let order = order.ok_or("there is no such order")?;
    // Who paid while buying hears of it in the first mail.
    if email.kind == "order_paid" && !is_paid_later(&order.payment_method) {
        return Ok("skipped");
    }
    let message = match email.kind.as_str() {
        INVOICE => match documents::write_invoice(shop, email, &ctx, &order).await? {
            Some(message) => message,
            None => return Ok("skipped"),
        },
        _ => write(shop, email, &ctx, &order).await?,
    };
    shop.mailer().send(message).await?;
    Ok("sent")
}

async fn write(shop: &Shop, email: &OutgoingEmail, ctx: &CallCtx, order: &Order) -> Result<Message, String> {
    let order_url = shop.order_url(order).await.map_err(|error| error.to_string())?;
    let mut view = views::OrderMail::new(shop, (order, order_url), &email.about);
    if let Some(refund) = view.refund.as_mut().filter(|_| email.kind == REFUNDED) {
        gift_cards::complete(shop, ctx, (order, &email.about), refund).await?;
    }
    let mut body = body(shop, &email.kind, &view)?;
    if email.kind == REFUNDED {
        body = documents::with_credit_note(shop, ctx, (order, &email.about), body).await?;
    }
    envelope(shop, email, order, view.subject(&email.kind))?.multipart(body).map_err(|error| error.to_string())
}

/// The mail as plain text and as a page.
fn body(shop: &Shop, template: &str, view: &impl Serialize) -> Result<MultiPart, String> {
    let render = |ending: &str| {
        let template = format!("emails/{template}.{ending}");
        shop.pages().render(&template, view).map_err(|problem| format!("{problem:?}"))
    };
    Ok(MultiPart::alternative_plain_html(render("txt")?, render("html")?))
}

/// From the shop, to the buyer.
fn envelope(shop: &Shop, email: &OutgoingEmail, order: &Order, subject: String) -> Result<MessageBuilder, String> {
    envelope_to(shop, email, &order.email, subject)
}

/// From the shop, to somebody.
fn envelope_to(shop: &Shop, email: &OutgoingEmail, to: &Email, subject: String) -> Result<MessageBuilder, String> {
    let address = to.as_str().parse().map_err(|error| format!("{to}: {error}"))?;
    let domain =
        shop.settings().mail_from.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain).to_owned();
    Ok(Message::builder()
        .from(shop.mailer().from.clone())
        .to(Mailbox::new(None, address))
        .subject(subject)
        .message_id(Some(format!("<{}@{domain}>", email.id))))
}
