// Answers a form of the results page in place: the server counts again and sends the part
// that changes. Without this file the same forms load the page anew: keep it so.

const pause = 150; // ms without a change before it is asked

for (const form of document.querySelectorAll("form[data-live]")) {
  const target = document.getElementById(form.dataset.target);
  let timer;
  let asked = new AbortController();

  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(`${form.dataset.live}?${query}`, { signal: asked.signal });
      if (!answer.ok) return;
      target.innerHTML = await answer.text();
      history.replaceState(null, "", `?${query}${form.getAttribute("action")}`);
    } catch (error) {
      // A newer question took its place, or the network is gone: the button still works.
      if (error.name !== "AbortError") form.removeAttribute("data-ready");
    }
  };

  form.addEventListener("input", (event) => {
    const slider = event.target.dataset.slider;
    if (slider) document.getElementById(slider).value = event.target.value;
    else syncSlider(form, event.target);
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  });
  form.addEventListener("submit", (event) => {
    if (!form.hasAttribute("data-ready")) return;
    event.preventDefault();
    clearTimeout(timer);
    ask();
  });
  form.setAttribute("data-ready", "");
}

function syncSlider(form, field) {
  const slider = form.querySelector(`[data-slider="${field.id}"]`);
  if (slider) slider.value = field.value;
}
