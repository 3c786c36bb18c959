//! Delivery: staff say where goods go and what that costs.

use crate::shop::in_the_shop;

#[tokio::test]
async fn staff_make_change_and_end_a_way_of_delivery() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let list = staff.get("/admin/delivery").await.expect(200);
        list.says("Standard delivery").says("Express delivery").says("AT DE");
        let form = staff.get("/admin/delivery/new").await.expect(200);
        let typed = [
            ("code", "ship-jp"),
            ("name", "Ship to Japan"),
            ("countries", "jp"),
            ("price", "30"),
            ("rate_0_grams", "5000"),
            ("rate_0_price", "45"),
            ("max_grams", "20000"),
        ];
        let wrong = [("code", "Ship JP"), ("name", ""), ("countries", "Japan"), ("price", "-1")];
        let again = staff.send_form(&form, "/admin/delivery/new", &wrong).await.expect(422);
        again.says("Japan is no country").says("Enter an amount in EUR");
        let saved = staff.send_form(&form, "/admin/delivery/new", &typed).await.expect(200);
        saved.says("Saved").says("Ship to Japan");
        staff.get("/admin/delivery").await.expect(200).says("Ship to Japan").says("1 rate by worth or weight");

        let path = "/admin/delivery/ship-jp";
        staff.send_form(&saved, path, &[("price", "35")]).await.expect(200).says("Saved");
        let stale = staff.send_form(&saved, path, &[("price", "36")]).await.expect(200);
        stale.says("Someone else changed it meanwhile");
        staff.get("/admin/delivery").await.expect(200).says("€35.00");
        let end = staff.send_form(&stale, &format!("{path}/end"), &[]).await.expect(200);
        end.says("It is no longer offered").says_not("Ship to Japan");
        staff.get(path).await.expect(404);
    })
    .await;
}
