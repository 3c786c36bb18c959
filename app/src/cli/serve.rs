//! `serve` and `demo`: runs the shop until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use accounts_api::{NeedsOwner, OpenSetup};
use actix_web::{App, HttpServer};
use clap::Args;
use host::settings::{Flags, Settings};
use host::{Host, StartError, stop_on_signal};
use kernel::stop::Stop;
use kernel::{CallCtx, Clock, IdempotencyKey, Secret};

use super::{Console, Failure, product};
use crate::assemble::{self, Shop};
use crate::web::serve::mount;
use crate::{emails, jobs, routes, web};

/// After this time requests that are still under way are cut off.
const DRAIN_SECONDS: u64 = 25;

#[derive(Args)]
pub(crate) struct Serve {
    /// Address of the shop, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Run only these modules, such as inventory,billing; `app` stands for the pages
    #[arg(long, value_name = "MODULES", value_delimiter = ',')]
    only: Option<Vec<String>>,
}

pub(crate) fn serve(serve: Serve, mut flags: Flags, console: &Console, demo: bool) -> Result<u8, Failure> {
    if let Some(listen) = serve.listen {
        flags.values.insert("listen", listen);
    }
    flags.only = serve.only;
    let settings = Settings::load(&flags)?;
    host::logging::init(&settings.log_level, settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(64)
        .build()
        .map_err(|error| Failure::new(1, error))?;
    runtime.block_on(run(settings, console, demo))
}

async fn run(settings: Settings, console: &Console, demo: bool) -> Result<u8, Failure> {
    let (stopper, stop) = Stop::new();
    stop_on_signal(stopper);
    let host = Arc::new(Host::new(Arc::new(settings), Clock::system(), stop.clone()));
    let shop = if host.settings().runs("app") {
        Some(Shop::open(Arc::clone(&host)).await?)
    } else {
        assemble::modules(&host).await?;
        None
    };
    if let Some(shop) = &shop {
        if demo {
            product::stock_the_demo_shop(shop.modules(), host.settings(), console).await?;
        }
        let mails = emails::subscription(host.clock(), host.settings().invoice_on);
        let gift_cards = emails::gift_card_subscription(host.clock());
        let subscriptions = vec![mails, gift_cards, jobs::payment_alarm::subscription()];
        host.add(Some(shop.db().clone()), subscriptions, jobs::workers(shop));
        let metered = shop.clone();
        host.add_metrics(move |text| {
            let meters = routes::table().iter().map(|route| (route.method.as_str(), route.path, &route.meter));
            web::metrics::write(text, meters);
            metered.payment_alarm().write(text);
        });
    }
    let internal = host.listen_internally()?;
    let public = shop.as_ref().map(listen).transpose()?;
    let tasks = host.run();
    announce(&host, shop.as_ref(), console).await;

    stop.wait().await;
    if let Some((handle, server)) = public {
        // Readiness fails from now on, so that a proxy sends nobody here any more.
        tokio::time::sleep(Duration::from_millis(200)).await;
        handle.stop(true).await;
        let _ = server.await;
    }
    if let Some(internal) = internal {
        let _ = internal.await;
    }
    for task in tasks {
        let _ = task.await;
    }
    Ok(0)
}

type Listening = (actix_web::dev::ServerHandle, tokio::task::JoinHandle<()>);

fn listen(shop: &Shop) -> Result<Listening, StartError> {
    let address = shop.settings().listen.clone();
    let shop = shop.clone();
    let server = HttpServer::new(move || App::new().configure(|service| mount(&shop, service)))
        .client_request_timeout(Duration::from_secs(8))
        .shutdown_timeout(DRAIN_SECONDS)
        .worker_max_blocking_threads(16)
        .disable_signals()
        .bind(&address)
        .map_err(|error| StartError::Listen { key: "FREESTONE_LISTEN", address, cause: error.to_string() })?
        .run();
    let handle = server.handle();
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the shop's listener ended");
        }
    });
    Ok((handle, task))
}

/// Says where the shop is, where its data is, and how to become its owner.
async fn announce(host: &Host, shop: Option<&Shop>, console: &Console) {
    let settings = host.settings();
    let data = if settings.is_postgres() { "PostgreSQL".to_owned() } else { settings.data_dir.display().to_string() };
    let mode = if settings.development { "development" } else { "production" };
    match shop {
        Some(_) => console.say(format_args!("{} is open at {}", settings.shop_name, settings.base_url)),
        None => console.say("Modules are running; the pages are elsewhere"),
    }
    console.say(format_args!("  version {}, {mode}, data in {data}", env!("CARGO_PKG_VERSION")));
    if let Some(address) = &settings.internal_listen {
        console.say(format_args!("  metrics and module calls at http://{address}"));
    }
    for module in host.modules() {
        if let Some(url) = module.url {
            console.say(format_args!("  {} is at {url}", module.module));
        }
    }
    if let Some(shop) = shop
        && let Some(link) = setup_link(shop).await
    {
        console.say(format_args!("  become its owner within 30 minutes: {link}"));
    }
}

/// A link to the set-up page, while the shop has no owner.
async fn setup_link(shop: &Shop) -> Option<String> {
    let ctx = CallCtx::of_module("app");
    match shop.accounts().needs_owner(&ctx, NeedsOwner {}).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => {
            tracing::warn!(%error, "whether the shop has an owner is not known");
            return None;
        }
    }
    let secret = Secret::generate();
    let open = OpenSetup { key: IdempotencyKey::new(), secret: secret.clone() };
    match shop.accounts().open_setup(&ctx, open).await {
        Ok(()) => Some(format!("{}/admin/setup/{}", shop.settings().base_url, secret.reveal())),
        Err(error) => {
            tracing::warn!(%error, "no set-up link could be made");
            None
        }
    }
}
