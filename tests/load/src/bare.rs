//! What the shop is compared with: actix-web that does nothing but send.

use std::process::{Child, Command};

use actix_web::{App, HttpResponse, HttpServer, web};

/// Serves the bytes of a file at `/`, and at `/echo` what it is sent. `arguments` are an address and the file.
pub(crate) async fn serve(arguments: Option<String>) -> Result<(), String> {
    let arguments = arguments.unwrap_or_default();
    let (address, file) = arguments.split_once('=').ok_or("bare ADDRESS=FILE")?;
    let page = web::Bytes::from(std::fs::read(file).map_err(|error| format!("{file}: {error}"))?);
    let server = HttpServer::new(move || {
        let page = page.clone();
        let send = move || {
            let page = page.clone();
            async move { HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page) }
        };
        let echo = |body: web::Bytes| async move { HttpResponse::Ok().content_type("application/json").body(body) };
        App::new().route("/", web::get().to(send)).route("/echo", web::post().to(echo))
    });
    let server = server.bind(address).map_err(|error| format!("{address}: {error}"))?;
    server.run().await.map_err(|error| error.to_string())
}

/// A process that ends with its owner.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        command.spawn().map(Self).map_err(|error| format!("{command:?}: {error}"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Asks it to end, as an operator does, and waits.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.0.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// This program in another role.
pub(crate) fn own_process(role: &str) -> Result<Command, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.arg(role);
    Ok(command)
}

/// An address of this machine that is free now.
pub(crate) fn free_address() -> Result<String, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.to_string()).map_err(|error| error.to_string())
}
