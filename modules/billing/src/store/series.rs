//! Invoice series: how far the numbers of a seller have been given out.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use super::on_either;
use crate::schema::invoice_series;

/// How far a series is.
pub(crate) struct Series {
    pub(crate) last_number: i64,
    pub(crate) last_issued_at: Timestamp,
}

/// The series, made when it is new; whoever else wants a number of it waits until this unit of work ends.
pub(crate) fn series_held(conn: &mut AnyConnection, seller: &str, series: &str) -> QueryResult<Series> {
    let row = (
        invoice_series::seller.eq(seller),
        invoice_series::series.eq(series),
        invoice_series::last_number.eq(0),
        invoice_series::last_issued_at.eq(0),
    );
    let insert = diesel::insert_into(invoice_series::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    let (last_number, last_issued_at) = diesel::update(invoice_series::table.find((seller, series)))
        .set(invoice_series::last_number.eq(invoice_series::last_number))
        .returning((invoice_series::last_number, invoice_series::last_issued_at))
        .get_result::<(i64, i64)>(conn)?;
    Ok(Series { last_number, last_issued_at: Timestamp(last_issued_at) })
}

/// Whether `number`, the next one, was taken.
pub(crate) fn series_advance(
    conn: &mut AnyConnection,
    seller: &str,
    series: &str,
    number: i64,
    at: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(invoice_series::table.find((seller, series)))
        .filter(invoice_series::last_number.eq(number - 1))
        .set((invoice_series::last_number.eq(number), invoice_series::last_issued_at.eq(at.0)))
        .execute(conn)?;
    Ok(changed == 1)
}
