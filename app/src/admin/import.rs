//! Importing goods: upload, check, apply, and what was refused. A job goes on when nobody looks, and after a restart.

use std::path::PathBuf;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use bytes::Bytes;
use futures_util::StreamExt as _;
use kernel::id::new_id;
use kernel::stop::Stop;
use kernel::{CallCtx, Timestamp};
use orders_api::OrdersError;

use super::shell;
use super::views::{Figure, ImportJobPage, ImportJobRow, ImportPage, RejectRow, Status, Tone, date_time, number};
use crate::assemble::Shop;
use crate::imports::{Import, ImportOptions, ImportReport, Progress, StockRule};
use crate::store::{self, ImportJob};
use crate::web::{Answer, Problem, Visit, see_other};

const REJECTS_SHOWN: usize = 100;

/// `GET /admin/import`
///
/// # Errors
/// Earlier imports cannot be read.
pub async fn form(visit: Visit) -> Answer {
    answer(&visit, String::new(), StatusCode::OK).await
}

async fn answer(visit: &Visit, error: String, status: StatusCode) -> Answer {
    let jobs = visit.shop.db().read::<_, OrdersError, _>(|conn| Ok(store::import_jobs_newest(conn, 20)?)).await?;
    let page = ImportPage {
        shell: shell(visit, "import", "Import"),
        action: format!("/admin/import?csrf={}", visit.csrf_token()),
        error,
        jobs: jobs.iter().map(job_row).collect(),
    };
    visit.shop.pages().answer(status, "admin/import.html", &page)
}

fn job_row(job: &ImportJob) -> ImportJobRow {
    let (tone, text) = match job.status.as_str() {
        "checking" => (Tone::Info, "Being checked"),
        "checked" => (Tone::Warn, "Checked, not applied"),
        "applying" => (Tone::Info, "Being applied"),
        "done" => (Tone::Ok, "Done"),
        _ => (Tone::Bad, "Failed"),
    };
    ImportJobRow {
        href: format!("/admin/import/{}", job.id),
        file_name: job.file_name.clone(),
        started: date_time(Timestamp(job.created_at)),
        actor: job.started_by.clone(),
        status: Status::new(tone, text),
    }
}

/// `POST /admin/import`: keeps the file and begins to check it.
///
/// # Errors
/// The upload cannot be read or kept.
pub async fn upload(visit: Visit) -> Answer {
    let (file_name, content) = match uploaded_file(&visit).await {
        Ok(file) => file,
        Err(error) => return answer(&visit, error, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let id = new_id("imp");
    let kept = file_of(&visit.shop, &id);
    keep(&kept, content).await.map_err(|error| Problem::Internal(format!("{}: {error}", kept.display())))?;
    let started_by = visit.staff.as_ref().map(|staff| staff.user.name.clone()).unwrap_or_default();
    let (job, now) = (id.clone(), visit.shop.clock().now());
    visit
        .shop
        .db()
        .write::<_, OrdersError, _>(move |conn| Ok(store::import_job_insert(conn, &job, &file_name, &started_by, now)?))
        .await?;
    tokio::spawn(run(visit.shop.clone(), id.clone(), true));
    Ok(see_other(format!("/admin/import/{id}")))
}

/// The name and content of the uploaded file, or what to say about it.
pub(super) async fn uploaded_file(visit: &Visit) -> Result<(String, Bytes), String> {
    let body = futures_util::stream::iter([Ok::<_, actix_web::error::PayloadError>(visit.body.clone())]);
    let mut parts = Multipart::new(visit.request.headers(), body);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| "The upload could not be read. Choose the file again.".to_owned())?;
        if part.name() != Some("file") {
            continue;
        }
        let named = part.content_disposition().and_then(|disposition| disposition.get_filename()).unwrap_or_default();
        let shown: String = named.chars().filter(|c| !c.is_control()).take(120).collect();
        let mut content = bytes::BytesMut::new();
        while let Some(chunk) = part.next().await {
            content.extend_from_slice(&chunk.map_err(|_| "The upload ended early. Choose the file again.".to_owned())?);
        }
        if content.is_empty() {
            break;
        }
        return Ok((if shown.is_empty() { "products.csv".to_owned() } else { shown }, content.freeze()));
    }
    Err("Choose a file that is not empty.".to_owned())
}

/// The file of a job lies under its id, whatever the browser called it.
fn file_of(shop: &Shop, id: &str) -> PathBuf {
    shop.settings().data_dir.join("imports").join(format!("{id}.csv"))
}

async fn keep(path: &std::path::Path, content: Bytes) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    tokio::fs::write(path, content).await
}

async fn load(visit: &Visit) -> Result<ImportJob, Problem> {
    let id: String = visit.path("job")?;
    let found = visit.shop.db().read::<_, OrdersError, _>(move |conn| Ok(store::import_job(conn, &id)?)).await?;
    found.ok_or(Problem::NotFound)
}

/// `GET /admin/import/{job}`
///
/// # Errors
/// There is no such import.
pub async fn progress(visit: Visit) -> Answer {
    let job = load(&visit).await?;
    let report: Option<ImportReport> = job.report.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let running = matches!(job.status.as_str(), "checking" | "applying");
    let shown = report.as_ref().filter(|_| !running);
    let page = ImportJobPage {
        shell: shell(&visit, "import", &job.file_name),
        href: format!("/admin/import/{}", job.id),
        file_name: job.file_name.clone(),
        started: format!("Started {} by {}", date_time(Timestamp(job.created_at)), job.started_by),
        done: job.done,
        total: job.total,
        refresh_seconds: running.then_some(2),
        figures: shown.map(figures).unwrap_or_default(),
        rejects: shown.map(rejects_shown).unwrap_or_default(),
        rejects_total: shown.map_or(0, |report| i64::try_from(report.rejects_total).unwrap_or(i64::MAX)),
        can_apply: job.status == "checked" && shown.is_some_and(|report| report.created + report.updated > 0),
        error: job.error.clone().unwrap_or_default(),
        status: job.status,
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/import_job.html", &page)
}

fn figures(report: &ImportReport) -> Vec<Figure> {
    let figure = |name: &str, count: usize, tone| Figure {
        name: name.to_owned(),
        value: number(i64::try_from(count).unwrap_or(i64::MAX)),
        tone,
    };
    vec![
        figure("new", report.created, Tone::Ok),
        figure("different", report.updated, Tone::Info),
        figure("the same", report.unchanged, Tone::Plain),
        figure("refused", report.rejected, if report.rejected > 0 { Tone::Bad } else { Tone::Plain }),
    ]
}

fn rejects_shown(report: &ImportReport) -> Vec<RejectRow> {
    let row = |reject: &crate::imports::Reject| RejectRow {
        row: reject.line.to_string(),
        product: reject.handle.clone(),
        field: if reject.value.is_empty() {
            reject.column.clone()
        } else {
            format!("{}: {}", reject.column, reject.value)
        },
        problem: reject.problem.clone(),
    };
    report.rejects.iter().take(REJECTS_SHOWN).map(row).collect()
}

/// `POST /admin/import/{job}/apply`
///
/// # Errors
/// There is no such import, or it is not one that waits for this.
pub async fn apply(visit: Visit) -> Answer {
    visit.form(&[])?;
    let job = load(&visit).await?;
    let (id, now) = (job.id.clone(), visit.shop.clock().now());
    let moved = visit
        .shop
        .db()
        .write::<_, OrdersError, _>(move |conn| Ok(store::import_job_move(conn, &id, "checked", "applying", now)?))
        .await?;
    // A second press of the button finds it under way.
    if moved {
        tokio::spawn(run(visit.shop.clone(), job.id.clone(), false));
    }
    Ok(see_other(format!("/admin/import/{}", job.id)))
}

/// `GET /admin/import/{job}/rejects`: the refused rows as a file that can be corrected and imported.
///
/// # Errors
/// There is no such import, or nothing was refused.
pub async fn rejects(visit: Visit) -> Answer {
    let job = load(&visit).await?;
    let path = file_of(&visit.shop, &job.id).with_extension("rejects.csv");
    let content = tokio::fs::read(path).await.map_err(|_| Problem::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"refused-rows.csv\""))
        .body(content))
}

/// Takes up the jobs that were at work when the process ended.
pub async fn resume_all(shop: Shop, stop: Stop) {
    let found = shop.db().read::<_, OrdersError, _>(|conn| Ok(store::import_jobs_unfinished(conn)?)).await;
    for job in found.unwrap_or_default() {
        if stop.is_stopping() {
            return;
        }
        let checking = job.status == "checking";
        run(shop.clone(), job.id, checking).await;
    }
}

/// Checks or applies the file of a job. Doing it again after a crash goes on where it was.
async fn run(shop: Shop, id: String, dry_run: bool) {
    let outcome = run_file(&shop, &id, dry_run).await;
    let (status, report) = match outcome {
        Ok(report) => (if dry_run { "checked" } else { "done" }, Ok(report)),
        Err(error) => ("failed", Err(error)),
    };
    let now = shop.clock().now();
    let noted = shop
        .db()
        .write::<_, OrdersError, _>(move |conn| {
            let outcome = report.as_deref().map_err(String::as_str);
            Ok(store::import_job_finish(conn, &id, status, outcome, now)?)
        })
        .await;
    if let Err(error) = noted {
        tracing::error!(%error, "the end of an import could not be noted; it is repeated at the next start");
    }
}

async fn run_file(shop: &Shop, id: &str, dry_run: bool) -> Result<String, String> {
    let path = file_of(shop, id);
    let content = tokio::fs::read(&path).await.map_err(|error| format!("The file is gone: {error}"))?;
    let modules = shop.modules();
    let import = Import {
        catalog: modules.catalog.clone(),
        inventory: modules.inventory.clone(),
        currency: shop.settings().shop_currency,
        media: shop.demo_media().clone(),
    };
    let options = ImportOptions { run_id: id.to_owned(), dry_run, stock: StockRule::default() };
    let note = |at: Progress| {
        let (shop, id, now) = (shop.clone(), id.to_owned(), shop.clock().now());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        tokio::spawn(async move {
            let work =
                move |conn: &mut _| Ok(store::import_job_progress(conn, &id, count(at.done), count(at.total), now)?);
            let _ = shop.db().write::<_, OrdersError, _>(work).await;
        });
    };
    let ctx = CallCtx::of_module("app").within(Duration::from_secs(600));
    let report = import.run(&ctx, Bytes::from(content), &options, note).await.map_err(|error| error.to_string())?;
    if let Some(refused) = &report.reject_file {
        let path = path.with_extension("rejects.csv");
        tokio::fs::write(path, refused).await.map_err(|error| error.to_string())?;
    }
    serde_json::to_string(&report).map_err(|error| error.to_string())
}
