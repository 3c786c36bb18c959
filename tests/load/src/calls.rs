//! What a call of a contract costs: in the same process against a plain call, and to another against a bare echo.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use host::settings::Flags;
use host::{Host, HttpTransport, Settings, stop_on_signal};
use kernel::contract::{Contract as _, Format, Route, Router, describe};
use kernel::module::Started;
use kernel::stop::Stop;
use kernel::{CallCtx, CallError, Clock, DomainError, Principal, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Options;
use crate::bare::{Process, free_address, own_process};
use crate::measure::median;
use crate::pages::wait_for;
use crate::report::{Report, Target};
use crate::store;

/// Says what it was told.
#[contract(module = "echo", version = 1)]
pub(crate) trait Echo {
    /// The same parcel.
    #[read]
    async fn repeat(&self, ctx: &CallCtx, request: Parcel) -> Result<Parcel, CallError<EchoError>>;
}

/// About half a kilobyte, as an order with five lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Parcel {
    id: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Line {
    variant_id: String,
    title: String,
    quantity: i64,
    amount: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("refused")]
pub(crate) struct EchoError;

impl DomainError for EchoError {}

struct Echoing;

#[async_trait]
impl Echo for Echoing {
    async fn repeat(&self, _: &CallCtx, request: Parcel) -> Result<Parcel, CallError<EchoError>> {
        Ok(request)
    }
}

fn parcel() -> Parcel {
    let line = |number: i64| Line {
        variant_id: format!("var_01h455vb4pex5vsknk084sn{number:03}"),
        title: "White chalk".to_owned(),
        quantity: number,
        amount: 120 * number,
    };
    Parcel { id: "ord_01h455vb4pex5vsknk084sn02q".to_owned(), lines: (1..=5).map(line).collect() }
}

const SECRET: &str = "e41c9b07d25f8a63 only for one run of this";

/// The called process: the host with one module, settings from the environment.
pub(crate) async fn serve() -> Result<(), String> {
    let settings = Settings::load(&Flags::default()).map_err(|error| error.to_string())?;
    let (stopper, stop) = Stop::new();
    stop_on_signal(stopper);
    let host = Arc::new(Host::new(Arc::new(settings), Clock::system(), stop.clone()));
    let placed = host.place::<dyn Echo>(store::schema(), |_| Started::new(Arc::new(Echoing))).await;
    let _placed = placed.map_err(|error| error.to_string())?;
    let _listening = host.listen_internally().map_err(|error| error.to_string())?;
    stop.wait().await;
    Ok(())
}

pub(crate) async fn measure(options: &Options, report: &mut Report) -> Result<(), String> {
    let overhead = in_process(if options.quick { 20_000 } else { 200_000 }).await?;
    report.figure("call in the process, more than a plain call", "ns", Target::AtMost(100.0), overhead);
    remote(if options.quick { 300 } else { 3_000 }, report).await
}

async fn time_of(echo: &Arc<dyn Echo>, ctx: &CallCtx, calls: u32) -> Result<f64, String> {
    let parcel = parcel();
    let started = Instant::now();
    for _ in 0..calls {
        black_box(echo.repeat(ctx, black_box(parcel.clone())).await).map_err(|error| error.to_string())?;
    }
    Ok(started.elapsed().as_nanos() as f64 / f64::from(calls))
}

fn context() -> CallCtx {
    let mut ctx = CallCtx::new("app", Principal::Anonymous);
    ctx.deadline += Duration::from_secs(3_600);
    ctx
}

async fn in_process(calls: u32) -> Result<f64, String> {
    let direct: Arc<dyn Echo> = Arc::new(Echoing);
    let routed = <dyn Echo>::routed(Router::new(Route::in_process(Arc::clone(&direct))));
    let (ctx, mut overheads) = (context(), Vec::new());
    for _ in 0..7 {
        let plain = time_of(&direct, &ctx, calls).await?;
        overheads.push(time_of(&routed, &ctx, calls).await? - plain);
    }
    Ok(median(overheads))
}

async fn remote(calls: u32, report: &mut Report) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (bare_address, listen, internal) = (free_address()?, free_address()?, free_address()?);
    let file = folder.path().join("page");
    std::fs::write(&file, "").map_err(|error| error.to_string())?;
    let _bare = Process::start(own_process("bare")?.arg(format!("{bare_address}={}", file.display())))?;
    let mut callee = own_process("callee")?;
    callee.env("FREESTONE_DATA_DIR", folder.path()).env("FREESTONE_SECRET_KEY", SECRET);
    callee.env("FREESTONE_LISTEN", &listen).env("FREESTONE_INTERNAL_LISTEN", &internal);
    let _callee = Process::start(&mut callee)?;
    wait_for(&bare_address).await?;
    wait_for(&internal).await?;

    let values = [("secret_key", SECRET.to_owned()), ("data_dir", folder.path().display().to_string())];
    let flags = Flags { values: values.into(), ..Flags::default() };
    let credential = Settings::load(&flags).map_err(|error| error.to_string())?.module_credential();
    let description = describe::<dyn Echo>();
    let spoken = format!("{}/{} {}", description.module, description.version, description.hash);
    let url = format!("http://{internal}");
    let transport = |format| Arc::new(HttpTransport::new(&url, "echo", &credential, &spoken, format));
    let json = <dyn Echo>::client(transport(Format::Json));
    let packed = <dyn Echo>::client(transport(Format::MessagePack));

    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().map_err(|error| error.to_string())?;
    let (body, echo_url, ctx) = (
        bytes::Bytes::from(serde_json::to_vec(&parcel()).unwrap_or_default()),
        format!("http://{bare_address}/echo"),
        context(),
    );
    let (mut bare, mut by_json, mut by_packed) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..calls + calls / 10 {
        let begun = Instant::now();
        let answer = client.post(&echo_url).header("content-type", "application/json").body(body.clone()).send().await;
        black_box(answer.map_err(|error| error.to_string())?.bytes().await.map_err(|error| error.to_string())?);
        let of_bare = begun.elapsed();
        let begun = Instant::now();
        black_box(json.repeat(&ctx, parcel()).await.map_err(|error| error.to_string())?);
        let of_json = begun.elapsed();
        let begun = Instant::now();
        black_box(packed.repeat(&ctx, parcel()).await.map_err(|error| error.to_string())?);
        // The first tenth warms up.
        if number >= calls / 10 {
            bare.push(of_bare.as_secs_f64() * 1e6);
            by_json.push(of_json.as_secs_f64() * 1e6);
            by_packed.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    let (bare, by_json, by_packed) = (median(bare), median(by_json), median(by_packed));
    report.figure("remote call, of a bare HTTP echo", "", Target::AtMost(1.6), by_json / bare);
    report.figure("remote call in MessagePack, of a bare HTTP echo", "", Target::None, by_packed / bare);
    report.figure("bare HTTP echo of half a kilobyte, p50", "µs", Target::None, bare);
    report.figure("remote call, p50", "µs", Target::None, by_json);
    Ok(())
}
