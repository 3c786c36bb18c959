#!/usr/bin/env python3
"""Buys in a real shop that takes cards from `localstripe`, someone else's double, and checks what became of it with
Stripe's own client.

Needs `pip install localstripe stripe`, and the shop's program in FREESTONE_BIN (default: target/debug/freestone). Without
them it says NOT RUN; with CI set that is a failure. localstripe ignores idempotency keys, has no hosted pages and signs
notices with one secret, so those are proven elsewhere, against the double in tests/double.
"""

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SECRET = "whsec_localstripe"


def not_run(reason):
    print(f"NOT RUN: {reason}")
    sys.exit(1 if os.environ.get("CI") else 0)


try:
    import localstripe  # noqa: F401
    import stripe
except ImportError as error:
    not_run(f"{error}; pip install localstripe stripe")

BIN = os.environ.get("FREESTONE_BIN", "target/debug/freestone")
if not os.path.exists(BIN):
    not_run(f"{BIN} is not there; cargo build, or set FREESTONE_BIN")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows where it is led to, rather than going there."""

    def redirect_request(self, *_):
        return None


class Shopper:
    def __init__(self, base):
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar, Stay)

    def ask(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.base}
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        try:
            with self.opener.open(request, timeout=15) as answer:
                return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Location", ""), error.read().decode()

    def fields(self, page, action):
        """What the form that posts to `action` would send."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.S).group(1)
        found = {}
        for tag in re.findall(r"<input[^>]*>", form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and 'type="radio"' not in tag:
                found[name.group(1)] = value.group(1) if value else ""
        return found

    def buy_by_card(self):
        _, _, home = self.ask("/")
        for slug in re.findall(r'href="(/p/[^"?]+)"', home):
            _, _, page = self.ask(slug)
            if 'action="/cart/lines"' in page:
                status, _, answer = self.ask("/cart/lines", self.fields(page, "/cart/lines") | {"quantity": "1"})
                if status == 303:
                    break
        _, _, page = self.ask("/checkout/contact")
        form = self.fields(page, "/checkout/contact")
        form |= {
            "email": "ada@example.com", "name": "Ada Lovelace", "line1": "Ring 1", "postcode": "1010", "city": "Wien",
            "country": "AT",
        }
        status, _, page = self.ask("/checkout/contact", form)
        assert status == 303, page
        _, _, page = self.ask("/checkout/delivery")
        form = self.fields(page, "/checkout/delivery") | {"method": "standard"}
        name = re.search(r'type="radio"[^>]*name="([^"]+)"[^>]*value="standard"', page)
        if name:
            form = self.fields(page, "/checkout/delivery") | {name.group(1): "standard"}
        status, _, page = self.ask("/checkout/delivery", form)
        assert status == 303, page
        _, _, page = self.ask("/checkout/payment")
        form = self.fields(page, "/checkout/payment") | {"payment_method": "stripe"}
        status, location, page = self.ask("/checkout/payment", form)
        assert status == 303 and "/pay/card/" in location, (status, location, page[:2000])
        return location


def wait_for(what, check):
    until = time.time() + 30
    while time.time() < until:
        try:
            found = check()
            if found:
                return found
        except (OSError, urllib.error.URLError, stripe.APIConnectionError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


def pay_with(intent, number):
    method = stripe.PaymentMethod.create(
        type="card", card={"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    )
    stripe.PaymentIntent.modify(intent, payment_method=method.id)
    return stripe.PaymentIntent.confirm(intent)


def main():
    theirs, shop = free_port(), free_port()
    api, base = f"http://127.0.0.1:{theirs}", f"http://127.0.0.1:{shop}"
    stripe.api_base, stripe.api_key = api, "sk_test_localstripe"
    with tempfile.TemporaryDirectory() as folder:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FREESTONE_")}
        environment |= {
            "FREESTONE_DATA_DIR": folder, "FREESTONE_LISTEN": f"127.0.0.1:{shop}", "FREESTONE_INTERNAL_LISTEN": "off",
            "FREESTONE_STRIPE_SECRET_KEY": "sk_test_localstripe", "FREESTONE_STRIPE_PUBLISHABLE_KEY": "pk_test_x",
            "FREESTONE_STRIPE_WEBHOOK_SECRET": SECRET, "FREESTONE_STRIPE_PAGE": "embedded",
            "FREESTONE_STRIPE_API_URL": api, "FREESTONE_LOG_LEVEL": "warn",
        }
        log = open(os.path.join(folder, "log"), "w+")
        provider = subprocess.Popen(
            [sys.executable, "-m", "localstripe", "--port", str(theirs), "--from-scratch"], stdout=log, stderr=log
        )
        program = subprocess.Popen([BIN, "demo"], env=environment, stdout=log, stderr=log)
        try:
            prove(api, base)
        except BaseException:
            log.seek(0)
            print(log.read()[-4000:])
            raise
        finally:
            for process in (program, provider):
                process.terminate()
                process.wait()


def prove(api, base):
    shopper = Shopper(base)
    wait_for("the shop", lambda: shopper.ask("/readyz")[0] == 200)
    wait_for("the provider", lambda: urllib.request.urlopen(api + "/js.stripe.com/v3/").status == 200)
    hook = {"url": f"{base}/webhooks/stripe", "secret": SECRET}
    urllib.request.urlopen(api + "/_config/webhooks/shop", data=urllib.parse.urlencode(hook).encode())

    # A refused card leads back to the same page; who leaves it has paid nothing, and cannot any more.
    page = shopper.buy_by_card()
    status, _, html = shopper.ask(page)
    assert status == 200 and "js.stripe.com" in html and 'value="hosted"' in html, html
    intent = re.search(r'data-secret="(pi_[^_"]+)_secret', html).group(1)
    seen = stripe.PaymentIntent.retrieve(intent)
    assert seen.metadata["session_id"].startswith("pay_") and seen.status == "requires_payment_method", seen
    try:
        pay_with(intent, "4000000000000341")
    except stripe.CardError:
        pass
    back = re.search(r'data-return="([^"]+)"', html).group(1).removeprefix(base)
    status, location, _ = shopper.ask(back)
    assert status == 303 and location == page, (status, location)
    assert "declined" in shopper.ask(page)[2]
    status, location, _ = shopper.ask(page, {"choice": "leave"})
    assert (status, location) == (303, back), (status, location)
    assert stripe.PaymentIntent.retrieve(intent).status == "canceled"
    print("ok: a refused card, and leaving")

    shopper = Shopper(base)
    page = shopper.buy_by_card()
    html = shopper.ask(page)[2]
    intent = re.search(r'data-secret="(pi_[^_"]+)_secret', html).group(1)
    back = re.search(r'data-return="([^"]+)"', html).group(1).removeprefix(base)
    assert pay_with(intent, "4242424242424242").status == "succeeded"
    status, location, _ = shopper.ask(back)
    assert status == 303 and location.startswith("/o/"), (status, location)
    order = shopper.ask(location)[2]
    assert "Paid" in order, order
    print("ok: a good card, and the way back")

    # Nobody comes back: the notice alone, signed by localstripe, places the order.
    shopper = Shopper(base)
    page = shopper.buy_by_card()
    intent = re.search(r'data-secret="(pi_[^_"]+)_secret', shopper.ask(page)[2]).group(1)
    assert pay_with(intent, "4242424242424242").status == "succeeded"
    wait_for("the notice", lambda: shopper.ask(page)[1].startswith("/checkout/return/"))
    print("ok: a notice of localstripe pays an order whose shopper never came back")

    # What Stripe's own client signs is believed, what it did not sign is not.
    body = json.dumps({"id": "evt_own", "type": "customer.created", "data": {"object": {}}})
    now = int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{now}.{body}", SECRET)
    stripe.Webhook.construct_event(body, f"t={now},v1={signature}", SECRET)
    for header, expected in [(f"t={now},v1={signature}", 200), (f"t={now - 400},v1={signature}", 401), ("", 401)]:
        request = urllib.request.Request(f"{base}/webhooks/stripe", data=body.encode(), headers={"Stripe-Signature": header})
        try:
            status = urllib.request.urlopen(request).status
        except urllib.error.HTTPError as error:
            status = error.code
        assert status == expected, (header, status)
    print("ok: signatures as Stripe's own client makes them")


if __name__ == "__main__":
    main()
