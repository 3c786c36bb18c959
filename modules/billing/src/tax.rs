//! Tax rates: those there are, and announcing another.

use std::time::Duration;

use accounts_api::Permission;
use billing_api::{BillingError, ListTaxRules, SaveTaxRule, TaxRule, canonical_postcode};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Principal};

use crate::store::taxes;
use crate::{Module, Outcome};

const LONGEST_REGION: usize = 10;
const LONGEST_NAME: usize = 40;
const HIGHEST: u32 = 10_000;
/// How long ago a rate may begin that is announced now: somebody has to type it.
const GRACE: Duration = Duration::from_secs(3_600);

pub(crate) async fn tax_rules(module: &Module, request: ListTaxRules) -> Outcome<Vec<TaxRule>> {
    module.db.read(move |conn| Ok(taxes::tax_rules(conn, request.country)?)).await
}

/// What is in force stays as it is, so that it can be told later why an order was taxed as it was.
pub(crate) async fn save_tax_rule(module: &Module, ctx: &CallCtx, request: SaveTaxRule) -> Outcome<TaxRule> {
    may_manage(ctx)?;
    let now = module.clock.now();
    let rule = checked(request.rule.clone())?;
    if rule.valid_from < now.minus(GRACE) {
        return Err(BillingError::invalid("valid_from", "let it begin now or later").into());
    }
    let work = move |conn: &mut AnyConnection| {
        taxes::announced_delete(conn, &rule, now)?;
        if !taxes::tax_rule_insert(conn, &rule)? {
            return Err(
                BillingError::invalid("valid_from", "a rate begins then already; let this one begin later").into()
            );
        }
        Ok(rule)
    };
    module.db.write_once(request.key.to_string(), "save_tax_rule", &request, work).await
}

fn may_manage(ctx: &CallCtx) -> Result<(), BillingError> {
    match &ctx.principal {
        principal if principal.may(Permission::ManageOrders.as_str()) => Ok(()),
        principal @ Principal::Staff(_) => {
            tracing::warn!(actor = principal.actor(), "not permitted to change taxes");
            Err(BillingError::NotPermitted)
        }
        _ => Err(BillingError::NotFound),
    }
}

fn checked(rule: TaxRule) -> Result<TaxRule, BillingError> {
    let region = canonical_postcode(&rule.region);
    if region.len() > LONGEST_REGION || region.is_empty() != rule.region.trim().is_empty() {
        let problem = format!("write how postcodes begin: at most {LONGEST_REGION} letters and digits");
        return Err(BillingError::invalid("region", problem));
    }
    if rule.class.is_untaxed() {
        return Err(BillingError::invalid("class", format!("{} goods bear no tax; there is no rate", rule.class)));
    }
    let name = rule.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(BillingError::invalid("name", format!("use 1 to {LONGEST_NAME} characters in one line")));
    }
    if rule.basis_points > HIGHEST {
        return Err(BillingError::invalid("basis_points", "use at most 100 %"));
    }
    Ok(TaxRule { region, name: name.to_owned(), ..rule })
}
