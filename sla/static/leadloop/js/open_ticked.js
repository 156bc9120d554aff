// A folded part of a form is open where something in it is ticked: what holds is seen without looking for it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("fieldset.collapse details input:checked")) box.closest("details").open = true;
});
