// Puts the payment provider's fields on the page. Until they are ready, and when they do not come up, the way to the
// provider's own page stays where it is.
const form = document.getElementById("card-form");
const settings = form.dataset;
const problem = document.getElementById("card-problem");
const button = form.querySelector("button");

if (window.Stripe) {
  const stripe = window.Stripe(settings.key);
  const elements = stripe.elements({ clientSecret: settings.secret });
  const fields = elements.create("payment");
  fields.on("ready", () => {
    form.hidden = false;
    document.getElementById("card-hosted").hidden = true;
  });
  // Hidden fields do not come up; so they are shown, empty, for a moment.
  form.hidden = false;
  fields.mount("#card-fields");
  setTimeout(() => {
    if (!document.getElementById("card-hosted").hidden) form.hidden = true;
  }, 8000);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: settings.return } });
    // Only a failure comes back here: a success goes to the shop's own page.
    button.disabled = false;
    problem.textContent = error.message;
    problem.hidden = false;
    problem.focus();
  });
}
