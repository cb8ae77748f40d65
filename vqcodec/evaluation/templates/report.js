"use strict";

// Everything that comes from files, their names above all, reaches the page as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const titles = Object.fromEntries(data.codecs.map((codec) => [codec.name, codec.title]));
const dark = matchMedia("(prefers-color-scheme: dark)");

function element(tag, text = "", properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

function number(value, digits, sign = false) {
  if (value === null || value === undefined) return "-";
  return (sign && value > 0 ? "+" : "") + value.toFixed(digits);
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => element("option", text, { value })));
}
