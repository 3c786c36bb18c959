//! Boot configuration: how the process runs. One table names every key, its default and what it is for; from it come
//! reading, checking, `config show` and the documentation.
//!
//! A flag beats the environment (`X`, or `X_FILE` naming a file), which beats the file given with `--config`, which beats
//! `/etc/freestone/freestone.toml`, which beats the default. Unknown keys are errors.

mod seller;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hmac::{Hmac, Mac as _};
use kernel::db::Location;
use kernel::id::new_id;
use kernel::{Country, Currency, Email, Secret};
use sha2::Sha256;

use crate::logging::LogFormat;
pub use seller::{InvoiceOn, LegalSeller};

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

/// An account with Stripe.
#[derive(Clone)]
pub struct StripeAccount {
    /// `sk_…`
    pub secret_key: String,
    /// `pk_…`
    pub publishable_key: Option<String>,
    /// `whsec_…`: one, and during a rotation two.
    pub webhook_secrets: Vec<String>,
    /// In fields on a page of the shop, rather than on a page of Stripe.
    pub embedded: bool,
    /// Where its API is.
    pub api_url: String,
    /// Where its own pages are.
    pub pages: Vec<String>,
}

impl std::fmt::Debug for StripeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StripeAccount({})", self.api_url)
    }
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

    /// What processes of this shop show each other.
    pub fn module_credential(&self) -> String {
        self.derived_secret("modules").reveal().to_owned()
    }

    /// What processes show that have not been given the new secret key yet.
    pub fn former_module_credential(&self) -> Option<String> {
        self.former_secret("modules").map(|secret| secret.reveal().to_owned())
    }

    /// A secret for one purpose, derived from the secret key: the same in every process of the shop.
    pub fn derived_secret(&self, purpose: &str) -> Secret {
        secret_of(&self.derived_key(purpose))
    }

    /// The same, derived from the secret key before, while it is being changed.
    pub fn former_secret(&self, purpose: &str) -> Option<Secret> {
        self.former_key(purpose).map(|key| secret_of(&key))
    }

    /// Where shoppers may be led to pay by card, outside of the shop.
    pub fn card_pages(&self) -> &[String] {
        self.stripe.as_ref().map_or(&[], |stripe| &stripe.pages)
    }

    /// A key for one purpose, derived from the secret key.
    pub fn derived_key(&self, purpose: &str) -> Vec<u8> {
        derive(&self.secret_key, purpose)
    }

    /// The same, derived from the secret key before, while it is being changed.
    pub fn former_key(&self, purpose: &str) -> Option<Vec<u8>> {
        self.former_secret_key.as_ref().map(|secret_key| derive(secret_key, purpose))
    }
}

/// 32 bytes in hexadecimal digits are what a secret looks like.
fn secret_of(key: &[u8]) -> Secret {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    Secret::parse(&digits).unwrap_or_else(Secret::generate)
}

fn derive(secret_key: &str, purpose: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()) {
        Ok(mut mac) => {
            mac.update(purpose.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}

/// Values by key, the last one set wins.
#[derive(Default)]
struct Values(BTreeMap<String, (String, Source)>);

impl Values {
    fn set(&mut self, name: &str, value: String, source: Source) {
        self.0.insert(name.to_owned(), (value, source));
    }

    fn read_file(&mut self, path: &Path, required: bool) -> Result<(), SettingsError> {
        if !required && !path.exists() {
            return Ok(());
        }
        let shown = path.display().to_string();
        let file = config::File::from(path.to_owned()).format(config::FileFormat::Toml);
        let read =
            config::Config::builder().add_source(file).build().map_err(|error| wrong(&shown, error.to_string()))?;
        let mut flat = BTreeMap::new();
        flatten("", read.cache, &mut flat);
        for (name, value) in flat {
            if !is_known(&name) {
                return Err(wrong(format!("{shown}: {name}"), did_you_mean(&name, |known| known.to_owned())));
            }
            self.set(&name, value, Source::File(path.to_owned()));
        }
        Ok(())
    }

    fn read_environment(&mut self, environment: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        for key in KEYS {
            if let Some(alias) = key.alias
                && let Some(value) = environment.get(alias)
            {
                self.set(key.name, value.clone(), Source::Environment(alias.to_owned()));
            }
        }
        for (variable, value) in environment {
            let Some(name) = variable.strip_prefix("FREESTONE_").map(str::to_lowercase) else { continue };
            // Variables of the test suites are not the shop's.
            if (name.starts_with("test_") && name != "test_payments") || name == "bin" {
                continue;
            }
            let from_file = name.strip_suffix("_file").filter(|name| is_known(name));
            let (name, value) = match from_file {
                Some(name) if environment.contains_key(&format!("FREESTONE_{}", name.to_uppercase())) => {
                    return Err(wrong(variable, format!("set either this or FREESTONE_{}", name.to_uppercase())));
                }
                Some(name) => {
                    let content =
                        std::fs::read_to_string(value).map_err(|error| wrong(variable, format!("{value}: {error}")))?;
                    (name.to_owned(), content.trim_end().to_owned())
                }
                None => (name, value.clone()),
            };
            if !is_known(&name) {
                let spell = |known: &str| format!("FREESTONE_{}", known.to_uppercase());
                return Err(wrong(variable, did_you_mean(&name, spell)));
            }
            self.set(&name, value, Source::Environment(variable.clone()));
        }
        Ok(())
    }

    /// The value of a key, and how its source names it.
    fn get(&self, name: &'static str) -> (String, String) {
        let default = KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default);
        match self.0.get(name) {
            None => (default.to_owned(), name.to_owned()),
            Some((value, Source::Environment(variable))) => (value.clone(), variable.clone()),
            Some((value, _)) => (value.clone(), name.to_owned()),
        }
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, name: &'static str) -> Result<T, SettingsError> {
        let (value, spelled) = self.get(name);
        value.parse().map_err(|error: T::Err| wrong(spelled, format!("{value:?}: {error}")))
    }

    fn optional(&self, name: &'static str) -> Option<String> {
        Some(self.get(name).0).filter(|value| !value.is_empty())
    }

    fn one_of(&self, name: &'static str, choices: &[&str]) -> Result<String, SettingsError> {
        let (value, spelled) = self.get(name);
        if choices.contains(&value.as_str()) {
            Ok(value)
        } else {
            Err(wrong(spelled, format!("{value:?}: write {}", choices.join(" or "))))
        }
    }

    fn into_settings(self) -> Result<Settings, SettingsError> {
        let development = self.one_of("env", &["development", "production"])? == "development";
        let data_dir = PathBuf::from(self.get("data_dir").0);
        let listen = self.address("listen")?;
        let base_url = self.base_url(&listen, development)?;
        let (secret_key, secret_source) = self.secret_key(&data_dir)?;
        let former_secret_key = self.optional("secret_key_previous");
        if let Some(former) = &former_secret_key {
            let (_, spelled) = self.get("secret_key_previous");
            checked_secret_key(&spelled, former)?;
            if *former == secret_key {
                return Err(wrong(spelled, "it is the secret key itself; leave it empty when none is being changed"));
            }
        }
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
            stripe: self.stripe()?,
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

    /// The secret key; made and kept in the data folder when none is given.
    fn secret_key(&self, data_dir: &Path) -> Result<(String, Source), SettingsError> {
        let (value, spelled) = self.get("secret_key");
        if !value.is_empty() {
            checked_secret_key(&spelled, &value)?;
            let source = self.0.get("secret_key").map_or(Source::Default, |(_, source)| source.clone());
            return Ok((value, source));
        }
        let path = data_dir.join("secret_key");
        let unusable = |error: std::io::Error| wrong("data_dir", format!("{}: {error}", path.display()));
        let kept = match std::fs::read_to_string(&path) {
            Ok(kept) => kept.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_secret_key(&path).map_err(unusable)?,
            Err(error) => return Err(unusable(error)),
        };
        checked_secret_key(&path.display().to_string(), &kept)?;
        Ok((kept, Source::File(path)))
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

    fn stripe(&self) -> Result<Option<StripeAccount>, SettingsError> {
        let Some(secret_key) = self.optional("stripe_secret_key") else { return Ok(None) };
        let embedded = self.one_of("stripe_page", &["hosted", "embedded"])? == "embedded";
        let publishable_key = self.optional("stripe_publishable_key");
        if embedded && publishable_key.is_none() {
            let problem = "set it to the pk_… of the account: the fields on the shop's page need it";
            return Err(wrong("FREESTONE_STRIPE_PUBLISHABLE_KEY", problem));
        }
        let (secrets, spelled) = self.get("stripe_webhook_secret");
        let webhook_secrets: Vec<String> =
            secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(str::to_owned).collect();
        if webhook_secrets.len() > 2 {
            return Err(wrong(spelled, "give one secret, or during a rotation two"));
        }
        let (api_url, spelled) = self.get("stripe_api_url");
        let is_safe = url::Url::parse(&api_url).is_ok_and(|url| {
            url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_this_machine))
        });
        if !is_safe {
            return Err(wrong(spelled, format!("{api_url:?}: write an address such as https://api.stripe.com")));
        }
        let pages = vec!["https://checkout.stripe.com".to_owned()];
        Ok(Some(StripeAccount { secret_key, publishable_key, webhook_secrets, embedded, api_url, pages }))
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

    fn shown(&self) -> Vec<(String, String, Source)> {
        let hidden =
            |key: &Key, value: String| if key.secret && !value.is_empty() { "(hidden)".to_owned() } else { value };
        let source = |name: &str| self.0.get(name).map_or(Source::Default, |(_, source)| source.clone());
        let keys = KEYS.iter().map(|key| (key.name.to_owned(), hidden(key, self.get(key.name).0), source(key.name)));
        let modules = self.0.iter().filter(|(name, _)| module_of_key(name).is_some());
        keys.chain(modules.map(|(name, (value, source))| (name.clone(), value.clone(), source.clone()))).collect()
    }
}

/// Words of keys that stand in examples and manuals. In a key that was made by chance there is none.
const EXAMPLES: [&str; 13] = [
    "change",
    "replace",
    "example",
    "insecure",
    "secret",
    "password",
    "default",
    "sample",
    "your-key",
    "your_key",
    "0123456789",
    "qwertyuiop",
    "deadbeef",
];
/// In bytes.
const SHORTEST_KEY: usize = 32;

/// Refuses a secret key that others may know or guess.
fn checked_secret_key(spelled: &str, value: &str) -> Result<(), SettingsError> {
    let make = "make one with `openssl rand -hex 32`";
    if value.len() < SHORTEST_KEY {
        return Err(wrong(spelled, format!("use at least {SHORTEST_KEY} characters: {make}")));
    }
    let lower = value.to_lowercase();
    if EXAMPLES.iter().any(|word| lower.contains(word)) || is_repetition(value.as_bytes()) {
        return Err(wrong(spelled, format!("this is an example, which others know: {make}")));
    }
    Ok(())
}

/// `aaaa…`, `test-test-test-…`: a few characters, over and over.
fn is_repetition(value: &[u8]) -> bool {
    (1..=8).any(|unit| value.iter().zip(value.iter().skip(unit)).all(|(one, next)| one == next))
}

/// Makes the key of a new shop. It is there as a whole or not at all: other processes may be starting at the same time.
fn make_secret_key(path: &Path) -> std::io::Result<String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (made, draft) = (Secret::generate().reveal().to_owned(), path.with_extension(new_id("draft")));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(made.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(made),
        // Another process of the shop was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(std::fs::read_to_string(path)?.trim().to_owned())
        }
        Err(error) => Err(error),
    }
}

fn flatten(prefix: &str, value: config::Value, into: &mut BTreeMap<String, String>) {
    match value.kind {
        config::ValueKind::Table(table) => {
            for (name, value) in table {
                let name = if prefix.is_empty() { name } else { format!("{prefix}_{name}") };
                flatten(&name, value, into);
            }
        }
        config::ValueKind::Array(items) => {
            let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
            into.insert(prefix.to_owned(), items.join(","));
        }
        _ => {
            into.insert(prefix.to_owned(), value.to_string());
        }
    }
}

/// A test double may be spoken to without TLS, but not over a network.
fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn module_of_key(name: &str) -> Option<&str> {
    let module = name.strip_prefix("module_")?.strip_suffix("_url")?;
    MODULES.contains(&module).then_some(module)
}

fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name) || module_of_key(name).is_some()
}

fn did_you_mean(name: &str, spell: impl Fn(&str) -> String) -> String {
    let modules = MODULES.iter().map(|module| format!("module_{module}_url"));
    let known = KEYS.iter().map(|key| key.name.to_owned()).chain(modules);
    let nearest = known.map(|known| (distance(name, &known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 4 => format!("there is no such key; did you mean {}?", spell(&known)),
        _ => "there is no such key; `freestone config show` lists all".to_owned(),
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "5e1b0c7a94d2f38667c1a0be4d92f37b";

    fn load(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let secret = ("FREESTONE_SECRET_KEY", KEY);
        let variables =
            environment.iter().chain([&secret]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::from_sources(&Flags::default(), &variables.collect())
    }

    fn problem(environment: &[(&str, &str)]) -> String {
        load(environment).expect_err("refused").to_string()
    }

    #[test]
    fn nothing_has_to_be_set() {
        let settings = load(&[]).expect("loads");
        assert_eq!(settings.base_url, "http://127.0.0.1:8080");
        assert_eq!(settings.placement("orders"), ModulePlacement::Here { parity: false });
    }

    #[test]
    fn an_address_moves_a_module_out() {
        let settings = load(&[("FREESTONE_MODULE_ORDERS_URL", "http://10.0.0.5:9464")]).expect("loads");
        assert_eq!(settings.placement("orders"), ModulePlacement::Remote("http://10.0.0.5:9464".to_owned()));
        assert_eq!(settings.placement("cart"), ModulePlacement::Here { parity: false });
    }

    #[test]
    fn a_module_that_is_run_here_is_here() {
        let settings =
            load(&[("FREESTONE_MODULES", "orders"), ("FREESTONE_MODULE_ORDERS_URL", "http://a:1")]).expect("loads");
        assert_eq!(settings.placement("orders"), ModulePlacement::Here { parity: false });
        assert_eq!(settings.placement("cart"), ModulePlacement::Absent);
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_right_one() {
        assert!(problem(&[("FREESTONE_LISTN", "x")]).contains("did you mean FREESTONE_LISTEN?"));
        assert!(problem(&[("FREESTONE_MODULE_ORDER_URL", "x")]).contains("did you mean FREESTONE_MODULE_ORDERS_URL?"));
    }

    #[test]
    fn every_wrong_value_is_named() {
        for (name, value) in [
            ("FREESTONE_LISTEN", "8080"),
            ("FREESTONE_SHOP_CURRENCY", "EURO"),
            ("FREESTONE_SHOP_COUNTRY", "Austria"),
            ("FREESTONE_SECRET_KEY", "short"),
            ("FREESTONE_MODULES", "catalog,basket"),
            ("FREESTONE_DATABASE_URL", "mysql://x"),
            ("FREESTONE_LOG_FORMAT", "xml"),
            ("FREESTONE_BASE_URL", "https://shop.example/path"),
            ("FREESTONE_MODULE_CART_URL", "10.0.0.5"),
            ("FREESTONE_AUTO_MIGRATE", "maybe"),
            ("FREESTONE_ORDER_LINK_MINUTES", "half"),
            ("FREESTONE_PAYMENT_CAPTURE", "sometimes"),
        ] {
            let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            let flags = Flags { values: BTreeMap::from([("data_dir", "/nonexistent".to_owned())]), ..Flags::default() };
            let error = Settings::from_sources(&flags, &variables).expect_err(name);
            assert!(error.to_string().contains(name) || name == "FREESTONE_MODULES", "{name}: {error}");
        }
    }

    #[test]
    fn a_seller_is_whole_or_not_there() {
        let whole = [
            ("FREESTONE_SELLER_NAME", "Freestone Goods GmbH"),
            ("FREESTONE_SELLER_STREET", "Steingasse 1"),
            ("FREESTONE_SELLER_POSTCODE", "1030"),
            ("FREESTONE_SELLER_CITY", "Wien"),
            ("FREESTONE_SELLER_VAT_ID", "ATU12345678"),
        ];
        assert_eq!(load(&whole).expect("loads").seller.expect("a seller").country.code(), "AT");
        for left_out in 0..whole.len() {
            let rest: Vec<_> = whole.into_iter().enumerate().filter(|(place, _)| *place != left_out).collect();
            let rest: Vec<_> = rest.into_iter().map(|(_, variable)| variable).collect();
            assert!(problem(&rest).starts_with(whole[left_out].0), "{}", whole[left_out].0);
        }
        assert!(problem(&[whole[0], whole[1], whole[2], whole[3], (whole[4].0, "12345678")]).contains("ATU12345678"));
        let production = [("FREESTONE_ENV", "production"), ("FREESTONE_BASE_URL", "https://shop.example")];
        assert_eq!(load(&production).expect("loads").seller, None);
    }

    #[test]
    fn production_wants_an_address() {
        assert!(problem(&[("FREESTONE_ENV", "production")]).contains("FREESTONE_BASE_URL"));
    }

    #[test]
    fn a_card_account_is_complete_or_refused() {
        let key = ("FREESTONE_STRIPE_SECRET_KEY", "sk_test_1");
        let stripe = load(&[key, ("FREESTONE_STRIPE_WEBHOOK_SECRET", "whsec_2, whsec_1")]).expect("loads").stripe;
        assert_eq!(stripe.expect("an account").webhook_secrets, ["whsec_2", "whsec_1"]);
        assert!(load(&[]).expect("loads").stripe.is_none());
        for (name, value) in [
            ("FREESTONE_STRIPE_PAGE", "embedded"),
            ("FREESTONE_STRIPE_API_URL", "http://api.example"),
            ("FREESTONE_STRIPE_WEBHOOK_SECRET", "a,b,c"),
        ] {
            assert!(problem(&[key, (name, value)]).contains("FREESTONE_STRIPE"), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = load(&[("FREESTONE_DATABASE_URL", "postgres://user:hunter2@db/shop")]).expect("loads");
        assert!(settings.shown().iter().all(|(_, value, _)| !value.contains("hunter2")));
        assert!(settings.shown().iter().any(|(name, value, _)| name == "database_url" && value == "(hidden)"));
    }

    #[test]
    fn keys_that_others_may_know_are_refused_with_the_way_to_make_one() {
        for key in [
            "5e1b0c7a94d2f38667c1a0be4d92f37",
            "change-me-change-me-before-you-go-live",
            "ThisIsAnExampleOfAKeyThatIsLongEnough",
            "00000000000000000000000000000000",
            "tests-tests-tests-tests-tests-tests-tests",
            "0123456789abcdef0123456789abcdef",
            "django-insecure-4f$kz!t8w@x#l2p9qv7c6bn",
        ] {
            for name in ["FREESTONE_SECRET_KEY", "FREESTONE_SECRET_KEY_PREVIOUS"] {
                let variables = BTreeMap::from([("FREESTONE_SECRET_KEY", KEY), (name, key)]);
                let variables = variables.into_iter().map(|(name, key)| (name.to_owned(), key.to_owned())).collect();
                let problem = Settings::from_sources(&Flags::default(), &variables).expect_err(key).to_string();
                assert!(problem.starts_with(name) && problem.contains("openssl rand -hex 32"), "{key}: {problem}");
            }
        }
        assert!(problem(&[("FREESTONE_SECRET_KEY_PREVIOUS", KEY)]).contains("the secret key itself"));
    }

    #[test]
    fn while_the_secret_key_is_changed_that_before_is_known() {
        let (before, after) = (KEY, "9d0c1b2a3f4e5d6c7b8a9f0e1d2c3b4a");
        let load = |key: &str, former: &str| {
            let variables = [("FREESTONE_SECRET_KEY", key), ("FREESTONE_SECRET_KEY_PREVIOUS", former)];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            Settings::from_sources(&Flags::default(), &variables).expect("loads")
        };
        let (first, second) = (load(before, ""), load(after, before));
        assert_eq!(first.former_key("passwords"), None);
        assert_eq!(second.former_key("passwords"), Some(first.derived_key("passwords")));
        assert_eq!(second.former_module_credential(), Some(first.module_credential()));
        assert_ne!(second.derived_key("passwords"), first.derived_key("passwords"));
    }

    #[test]
    fn a_new_shop_gets_a_key_of_its_own_and_keeps_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let values = BTreeMap::from([("data_dir", folder.path().join("new").display().to_string())]);
        let flags = Flags { values, ..Flags::default() };
        let load = || Settings::from_sources(&flags, &BTreeMap::new());
        let made: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            starts.into_iter().map(|start| start.join().expect("it ran").expect("loads").secret_key).collect()
        });
        assert!(made[0].len() == 64 && made.iter().all(|key| *key == made[0]), "{made:?}");
        let files = std::fs::read_dir(folder.path().join("new")).expect("a folder").count();
        assert_eq!(files, 1, "nothing else is left");

        std::fs::write(folder.path().join("new/secret_key"), "").expect("written");
        let problem = load().expect_err("refused").to_string();
        assert!(problem.contains("new/secret_key: use at least 32"), "{problem}");
    }
}
