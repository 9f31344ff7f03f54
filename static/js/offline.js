// The page for a browser without a network: it gives way as soon as there is one again.

const again = () => location.reload();
document.querySelector("[data-again]").addEventListener("click", (event) => {
  event.preventDefault();
  again();
});
addEventListener("online", again);
