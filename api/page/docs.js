// Shows /openapi.json as a page. No library: the document is small and of our own making.
"use strict";

/** Makes an element; text always goes in as text. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const anchorOf = (schema) => `schema-${schema}`;

/** The type of a schema in words, with links to the named ones. */
function typeOf(schema) {
  if (!schema) return ["anything"];
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return [element("a", { href: `#${anchorOf(name)}` }, name)];
  }
  const types = [schema.type ?? "anything"].flat();
  const nullable = types.includes("null");
  const type = types.filter((t) => t !== "null").join(" or ");
  const words = type === "array" ? ["list of ", ...typeOf(schema.items)] : [type];
  if (schema.format && type === "string") words.push(` (${schema.format})`);
  if (nullable) words.push(" or null");
  return words;
}

/** The bounds of a value in words. */
function limitsOf(schema) {
  const limits = [];
  if (schema.enum) limits.push(schema.enum.map((v) => JSON.stringify(v)).join(", "));
  const range = (low, high, unit) => {
    if (low !== undefined && high !== undefined) limits.push(`${low} to ${high}${unit}`);
    else if (low !== undefined) limits.push(`at least ${low}${unit}`);
    else if (high !== undefined) limits.push(`at most ${high}${unit}`);
  };
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minimum, schema.maximum, "");
  range(schema.minItems, schema.maxItems, " entries");
  return limits.join("; ");
}

function row(name, required, schema, description) {
  const note = [description, limitsOf(schema ?? {})].filter(Boolean).join(" ");
  return element("tr", {},
    element("td", {}, element("code", {}, name), required ? "" : element("span", { class: "faint" }, " optional")),
    element("td", {}, ...typeOf(schema)),
    element("td", {}, note));
}

function table(rows) {
  const head = element("tr", {}, ...["Name", "Type", "Meaning"].map((t) => element("th", { scope: "col" }, t)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function properties(schema) {
  const required = schema.required ?? [];
  return table(Object.entries(schema.properties ?? {}).map(
    ([name, s]) => row(name, required.includes(name), s, s.description)));
}

/** A body or an answer: a link where the schema is named and shared, its fields where it is only used here. */
function content(spec, media, own) {
  const schema = media?.schema;
  const name = schema?.$ref?.split("/").pop();
  const resolved = name ? spec.components.schemas[name] : schema;
  if (own && resolved?.properties) return properties(resolved);
  return element("p", {}, ...typeOf(schema));
}

function endpoint(spec, method, path, op) {
  const heading = element("h2", {},
    element("span", { class: `method ${method}` }, method.toUpperCase()), element("span", { class: "path" }, path));
  const section = element("section", { id: op.operationId }, heading,
    element("p", {}, `${op.summary}.${op.security ? "" : " No token is needed."}`));
  if (op.parameters?.length) {
    section.append(element("h3", {}, "Parameters"),
      table(op.parameters.map((p) => row(`${p.name} (${p.in})`, p.required, p.schema, p.description))));
  }
  const body = op.requestBody?.content?.["application/json"];
  if (body) section.append(element("h3", {}, "Body"), content(spec, body, true));
  for (const [status, response] of Object.entries(op.responses)) {
    section.append(element("h3", {}, `${status === "default" ? "Otherwise" : status}: ${response.description}`));
    const media = Object.values(response.content ?? {})[0];
    if (media) section.append(content(spec, media, false));
  }
  return section;
}

function show(spec) {
  const nav = document.querySelector("nav");
  const main = document.querySelector("main");
  main.replaceChildren();
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const tag = op.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([method, path, op]);
    }
  }
  const list = element("ul");
  for (const [tag, endpoints] of groups) {
    list.append(element("li", { class: "group" }, tag));
    for (const [method, path, op] of endpoints) {
      const link = element("a", { href: `#${op.operationId}`, class: "path" }, path);
      list.append(element("li", {}, element("span", { class: `method ${method}` }, method.toUpperCase()), link));
      main.append(endpoint(spec, method, path, op));
    }
  }
  nav.append(list);
  for (const [name, schema] of Object.entries(spec.components.schemas)) {
    main.append(element("section", { id: anchorOf(name) }, element("h2", {}, name), properties(schema)));
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/openapi.json")
  .then((response) => response.json())
  .then(show)
  .catch((error) => document.querySelector("main").replaceChildren(element("p", {}, `The document could not be read: ${error.message}`)));
