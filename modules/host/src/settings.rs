//! Boot configuration: how the process runs. One table names every key, its default and what it is for; from it come
//! reading, checking, `config show` and the documentation.
//!
//! A flag beats the environment (`X`, or `X_FILE` naming a file), which beats the file given with `--config`, which beats
//! `/etc/freestone/freestone.toml`, which beats the default. Unknown keys are errors.

mod secret_key;
mod seller;
mod stripe;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kernel::db::Location;
use kernel::{Country, Currency, Email};

use crate::logging::LogFormat;
pub use seller::{InvoiceOn, LegalSeller};
pub use stripe::StripeAccount;
use values::{Values, module_of_key};

/// The modules of the shop, and `app`, the edge: pages, API, mail.
pub const MODULES: [&str; 7] = ["catalog", "inventory", "billing", "orders", "cart", "accounts", "app"];

/// One key of the configuration.
pub struct Key {
    /// As in the file: `listen`. In the environment: `FREESTONE_LISTEN`.
    pub name: &'static str,
    /// Used when nothing else is said.
    pub default: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it is for.
    pub help: &'static str,
    /// A name that other tools use for it.
    pub alias: Option<&'static str>,
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, secret: false, help, alias: None }
}

const fn also(key: Key, alias: &'static str) -> Key {
    Key { alias: Some(alias), ..key }
}

const fn secret(key: Key) -> Key {
    Key { secret: true, ..key }
}

/// Every key but those of single modules (`module_<name>_url`, `module_<name>_placement`).
pub const KEYS: &[Key] = &[
    key("env", "development", "development or production; production refuses what is only fit for trying out"),
    key("listen", "127.0.0.1:8080", "address of the shop"),
    key("internal_listen", "127.0.0.1:9464", "address of metrics, health and module calls; `off` for none"),
    key(
        "base_url",
        "",
        "address that shoppers use, such as https://shop.example; empty: http:// and the listen address",
    ),
    key("data_dir", "data", "folder of the shop's files"),
    secret(also(key("database_url", "", "postgres://… ; empty: SQLite files in the data folder"), "DATABASE_URL")),
    key("database_namespace", "", "prefix of schemas and roles on PostgreSQL, for several shops in one database"),
    key("database_pool_size", "8", "connections to PostgreSQL for each module"),
    key("auto_migrate", "true", "bring the schemas up to date at start"),
    secret(also(
        key("secret_key", "", "at least 32 characters; empty: made at first start and kept in the data folder"),
        "SECRET_KEY_BASE",
    )),
    secret(key(
        "secret_key_previous",
        "",
        "the secret key before, while it is being changed: what it made is still accepted; empty afterwards",
    )),
    secret(key(
        "smtp_url",
        "",
        "smtp://user:password@host:587 ; empty: mails go into the folder `mail` of the data folder",
    )),
    also(key("mail_from", "shop@example.org", "sender of mails"), "MAILER_FROM_ADDRESS"),
    key("log_level", "info", "error, warn, info, debug, trace, or by target as in `info,cart=debug`"),
    key("log_format", "auto", "pretty, json, or auto: pretty on a terminal"),
    key("trusted_proxies", "0", "how many proxies in front of the shop are ours"),
    key("modules", "", "the modules to run, comma-separated; empty: all"),
    key(
        "placement",
        "in-process",
        "of the modules run here: in-process, or parity to send every call through the codec",
    ),
    key("shop_name", "Freestone", "name of the shop"),
    key("shop_currency", "EUR", "currency of all prices, ISO 4217"),
    key("shop_country", "AT", "home country, for the first estimate of delivery and tax, ISO 3166-1"),
    key("prices_include_tax", "true", "true: prices contain their tax; false: it is added to them"),
    key(
        "tax_rounding",
        "order",
        "what tax is rounded for: order (each rate once), line (each line of the cart), or unit (each piece)",
    ),
    key("bank_holder", "", "account holder for bank transfers; empty: no bank transfer"),
    key("bank_iban", "", "IBAN for bank transfers"),
    key("bank_bic", "", "BIC for bank transfers"),
    key("seller_name", "", "registered name of who sells, for invoices; empty: no invoices"),
    key("seller_street", "", "street and number of the seller"),
    key("seller_postcode", "", "postcode of the seller"),
    key("seller_city", "", "town of the seller"),
    key("seller_country", "", "country of the seller, ISO 3166-1; empty: the shop's"),
    key("seller_vat_id", "", "VAT id of the seller, such as ATU12345678; numbers of invoices are gapless for each"),
    key("seller_tax_number", "", "tax number of the seller; needed when there is no VAT id"),
    key("seller_registration", "", "entry of the seller in the register of companies"),
    key("seller_email", "", "address for questions about invoices; empty: the sender of mails"),
    key("invoice_on", "paid", "when an invoice is issued: paid, shipped (first parcel), or request (by staff)"),
    key("invoice_numbers", "{year}-{number:05}", "how numbers of invoices look; without {year} they never begin anew"),
    key("credit_note_numbers", "C{year}-{number:05}", "how numbers of credit notes look"),
    key("page_cache", "true", "keep rendered public pages; false only to measure what rendering costs"),
    key("rate_limits", "true", "limit what one address may ask for; false only for load tests from one machine"),
    secret(key("stripe_secret_key", "", "sk_… of the Stripe account; empty: no cards")),
    key("stripe_publishable_key", "", "pk_… of the Stripe account; needed for its fields on the shop's own page"),
    secret(key(
        "stripe_webhook_secret",
        "",
        "whsec_… of the address https://<shop>/webhooks/stripe; during a rotation the new and the old one, with a comma",
    )),
    key(
        "stripe_page",
        "hosted",
        "hosted: shoppers pay on Stripe's page; embedded: in its fields on a page of the shop",
    ),
    key("stripe_api_url", "https://api.stripe.com", "address of Stripe's API; another one only for tests"),
    key("cash_on_delivery", "false", "offer to pay the courier: true or false"),
    key(
        "payment_capture",
        "automatic",
        "automatic: card payments are taken at once; manual: they are held until staff take them",
    ),
    key(
        "order_link_minutes",
        "30",
        "how long after the purchase an order's link alone shows all of it; later it asks for e-mail and postcode",
    ),
    key("test_payments", "auto", "offer the built-in test provider: true, false, or auto: only in development"),
];

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--only`
    pub only: Option<Vec<String>>,
    /// Others, by key.
    pub values: BTreeMap<&'static str, String>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A setting is wrong; the text names it and the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SettingsError {
    /// Which, as its source names it.
    pub key: String,
    /// What to do about it.
    pub problem: String,
}

fn wrong(key: impl Into<String>, problem: impl Into<String>) -> SettingsError {
    SettingsError { key: key.into(), problem: problem.into() }
}

/// A key as the environment names it.
fn variable(name: &str) -> String {
    format!("FREESTONE_{}", name.to_uppercase())
}

/// Where a module is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModulePlacement {
    /// In this process, through the codec when `parity`.
    Here {
        /// Through the codec.
        parity: bool,
    },
    /// In the process at this address.
    Remote(String),
    /// Nowhere that we know of.
    Absent,
}

/// The configuration, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Not for production.
    pub development: bool,
    /// Of the shop.
    pub listen: String,
    /// Of metrics, health and module calls.
    pub internal_listen: Option<String>,
    /// Without a trailing slash.
    pub base_url: String,
    /// Folder of the shop's files.
    pub data_dir: PathBuf,
    /// Bring the schemas up to date at start.
    pub auto_migrate: bool,
    /// From which all other keys are derived.
    pub secret_key: String,
    /// The one before, while it is being changed.
    pub former_secret_key: Option<String>,
    /// None: into a folder.
    pub smtp_url: Option<String>,
    /// Sender of mails.
    pub mail_from: Email,
    /// For [`crate::logging::init`].
    pub log_level: String,
    /// For [`crate::logging::init`].
    pub log_format: LogFormat,
    /// Proxies of ours in front of the shop.
    pub trusted_proxies: usize,
    /// Name of the shop.
    pub shop_name: String,
    /// Currency of all prices.
    pub shop_currency: Currency,
    /// Home country.
    pub shop_country: Country,
    /// Prices contain their tax; else it is added to them.
    pub prices_include_tax: bool,
    /// What tax is rounded for: `order`, `line` or `unit`.
    pub tax_rounding: String,
    /// Holder, IBAN and BIC for bank transfers.
    pub bank: Option<(String, String, String)>,
    /// How cards are taken, when they are.
    pub stripe: Option<StripeAccount>,
    /// Offer cash on delivery.
    pub cash_on_delivery: bool,
    /// Card payments are held until staff take them.
    pub captures_later: bool,
    /// Who sells; without it no invoices are issued.
    pub seller: Option<LegalSeller>,
    /// When invoices are issued.
    pub invoice_on: InvoiceOn,
    /// How numbers of invoices look.
    pub invoice_numbers: String,
    /// How numbers of credit notes look.
    pub credit_note_numbers: String,
    /// Offer the test provider.
    pub test_payments: bool,
    /// Keep rendered public pages.
    pub page_cache: bool,
    /// Limit what one address may ask for.
    pub rate_limits: bool,
    /// How many minutes after the purchase an order's link alone shows all of it.
    pub order_link_minutes: u32,
    database_url: Option<String>,
    database_namespace: String,
    database_pool_size: u32,
    only: Vec<String>,
    parity: bool,
    urls: BTreeMap<String, String>,
    shown: Vec<(String, String, Source)>,
}

impl Settings {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// The first key that is unknown or wrong.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        Self::from_sources(flags, &std::env::vars().collect())
    }

    fn from_sources(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let mut values = Values::default();
        values.read_file(Path::new("/etc/freestone/freestone.toml"), false)?;
        if let Some(path) = &flags.config {
            values.read_file(path, true)?;
        }
        values.read_environment(environment)?;
        for (name, value) in &flags.values {
            values.set(name, value.clone(), Source::Flag);
        }
        if let Some(only) = &flags.only {
            values.set("modules", only.join(","), Source::Flag);
        }
        values.into_settings()
    }

    /// Every key with its value, hidden when it is secret, and where it comes from.
    pub fn shown(&self) -> &[(String, String, Source)] {
        &self.shown
    }

    /// Where the data is.
    pub fn location(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres {
                url: url.clone(),
                namespace: self.database_namespace.clone(),
                pool_size: self.database_pool_size,
            },
            None => Location::Sqlite { folder: self.data_dir.clone() },
        }
    }

    /// Whether the data is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.database_url.is_some()
    }

    /// Where a module is to be. An address wins: setting it is all that moving a module out takes.
    pub fn placement(&self, module: &str) -> ModulePlacement {
        match self.urls.get(module) {
            Some(url) if !self.only.iter().any(|name| name == module) => ModulePlacement::Remote(url.clone()),
            _ if self.runs(module) => ModulePlacement::Here { parity: self.parity },
            _ => ModulePlacement::Absent,
        }
    }

    /// Whether `module` is among those to run here; `app` for the edge.
    pub fn runs(&self, module: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == module)
    }

    /// The address of a module that is elsewhere.
    pub fn module_url(&self, module: &str) -> Option<String> {
        match self.placement(module) {
            ModulePlacement::Remote(url) => Some(url),
            _ => None,
        }
    }

    /// Where shoppers may be led to pay by card, outside of the shop.
    pub fn card_pages(&self) -> &[String] {
        self.stripe.as_ref().map_or(&[], |stripe| &stripe.pages)
    }
}

impl Values {
    fn into_settings(self) -> Result<Settings, SettingsError> {
        let development = self.one_of("env", &["development", "production"])? == "development";
        let data_dir = PathBuf::from(self.get("data_dir").0);
        let listen = self.address("listen")?;
        let base_url = self.base_url(&listen, development)?;
        let (secret_key, secret_source) = secret_key::secret_key(&self, &data_dir)?;
        let former_secret_key = secret_key::former(&self, &secret_key)?;
        let test_payments = match self.one_of("test_payments", &["auto", "true", "false"])?.as_str() {
            "auto" => development,
            choice => choice == "true",
        };
        let internal_listen = match self.get("internal_listen").0.as_str() {
            "off" => None,
            _ => Some(self.address("internal_listen")?),
        };
        let urls = self.module_urls()?;
        let mut shown = self.shown();
        if let Some(row) = shown.iter_mut().find(|(name, ..)| name == "secret_key") {
            row.2 = secret_source;
        }
        Ok(Settings {
            development,
            listen,
            internal_listen,
            base_url,
            secret_key,
            former_secret_key,
            auto_migrate: self.parsed("auto_migrate")?,
            smtp_url: self.smtp_url()?,
            mail_from: self.parsed("mail_from")?,
            log_level: self.get("log_level").0,
            log_format: self.parsed("log_format")?,
            trusted_proxies: self.parsed("trusted_proxies")?,
            shop_name: self.get("shop_name").0,
            shop_currency: self.parsed("shop_currency")?,
            shop_country: self.parsed("shop_country")?,
            prices_include_tax: self.parsed("prices_include_tax")?,
            tax_rounding: self.one_of("tax_rounding", &["order", "line", "unit"])?,
            bank: self.bank(development)?,
            stripe: stripe::stripe(&self)?,
            cash_on_delivery: self.parsed("cash_on_delivery")?,
            captures_later: self.one_of("payment_capture", &["automatic", "manual"])? == "manual",
            seller: seller::seller(&self, development)?,
            invoice_on: seller::invoice_on(&self)?,
            invoice_numbers: self.get("invoice_numbers").0,
            credit_note_numbers: self.get("credit_note_numbers").0,
            test_payments,
            page_cache: self.parsed("page_cache")?,
            rate_limits: self.parsed("rate_limits")?,
            order_link_minutes: self.parsed("order_link_minutes")?,
            database_url: self.database_url()?,
            database_namespace: self.namespace()?,
            database_pool_size: self.parsed("database_pool_size")?,
            only: self.only()?,
            parity: self.one_of("placement", &["in-process", "parity"])? == "parity",
            urls,
            data_dir,
            shown,
        })
    }

    fn address(&self, name: &'static str) -> Result<String, SettingsError> {
        let (value, spelled) = self.get(name);
        let port =
            value.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then(|| port.parse::<u16>().ok())?);
        port.map(|_| value.clone())
            .ok_or_else(|| wrong(spelled, format!("{value:?}: write an address such as 127.0.0.1:8080")))
    }

    fn base_url(&self, listen: &str, development: bool) -> Result<String, SettingsError> {
        let Some(value) = self.optional("base_url") else {
            if !development {
                return Err(wrong(
                    "FREESTONE_BASE_URL",
                    "set it to the address that shoppers use, such as https://shop.example",
                ));
            }
            return Ok(format!("http://{}", listen.replace("0.0.0.0", "localhost")));
        };
        let (_, spelled) = self.get("base_url");
        let url = url::Url::parse(&value).map_err(|error| wrong(&spelled, format!("{value:?}: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.path() != "/" {
            return Err(wrong(
                spelled,
                format!("{value:?}: write an address without a path, such as https://shop.example"),
            ));
        }
        Ok(value.trim_end_matches('/').to_owned())
    }

    fn database_url(&self) -> Result<Option<String>, SettingsError> {
        let (value, spelled) = self.get("database_url");
        match value.as_str() {
            "" => Ok(None),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => Ok(Some(value)),
            _ => Err(wrong(spelled, "write postgres://user:password@host:5432/database, or leave it empty for SQLite")),
        }
    }

    fn namespace(&self) -> Result<String, SettingsError> {
        let (value, spelled) = self.get("database_namespace");
        let plain = value.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if plain && value.len() <= 30 { Ok(value) } else { Err(wrong(spelled, "use at most 30 of a-z, 0-9 and _")) }
    }

    fn smtp_url(&self) -> Result<Option<String>, SettingsError> {
        let (value, spelled) = self.get("smtp_url");
        match url::Url::parse(&value) {
            _ if value.is_empty() => Ok(None),
            Ok(url) if matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some() => Ok(Some(value)),
            _ => Err(wrong(spelled, "write smtp://user:password@host:587")),
        }
    }

    /// In development an account of nobody is shown, so that buying can be tried.
    fn bank(&self, development: bool) -> Result<Option<(String, String, String)>, SettingsError> {
        match (self.optional("bank_holder"), self.optional("bank_iban")) {
            (Some(holder), Some(iban)) => Ok(Some((holder, iban, self.get("bank_bic").0))),
            (None, None) if development => {
                let holder = format!("{} (example)", self.get("shop_name").0);
                Ok(Some((holder, "AT00 0000 0000 0000 0000".to_owned(), String::new())))
            }
            (None, None) => Ok(None),
            (Some(_), None) => Err(wrong("FREESTONE_BANK_IBAN", "set it too: it belongs to FREESTONE_BANK_HOLDER")),
            (None, Some(_)) => Err(wrong("FREESTONE_BANK_HOLDER", "set it too: it belongs to FREESTONE_BANK_IBAN")),
        }
    }

    fn only(&self) -> Result<Vec<String>, SettingsError> {
        let (value, spelled) = self.get("modules");
        let names: Vec<String> =
            value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        match names.iter().find(|name| !MODULES.contains(&name.as_str())) {
            None => Ok(names),
            Some(unknown) => {
                Err(wrong(spelled, format!("there is no module {unknown:?}; the modules are {}", MODULES.join(", "))))
            }
        }
    }

    fn module_urls(&self) -> Result<BTreeMap<String, String>, SettingsError> {
        let mut urls = BTreeMap::new();
        for (name, (value, source)) in &self.0 {
            let Some(module) = module_of_key(name) else { continue };
            let spelled = if let Source::Environment(variable) = source { variable } else { name };
            match url::Url::parse(value) {
                _ if value.is_empty() => {}
                Ok(url) if url.scheme() == "http" && url.host_str().is_some() => {
                    urls.insert(module.to_owned(), value.clone());
                }
                _ => return Err(wrong(spelled, format!("{value:?}: write an address such as http://10.0.0.5:9464"))),
            }
        }
        Ok(urls)
    }
}
