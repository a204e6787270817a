// The script of the form for secrets. It encrypts values as a SealedSecret holds
// them and sends the ciphertext. It uses no library, no storage of the browser and
// no other host. Read from the top: encryption, then checks, then the page.
"use strict";

// ---- Encryption ----

const utf8 = (text) => new TextEncoder().encode(text);

// element reads the head of the DER element at an offset: where its content
// starts and where it ends.
function element(der, at) {
  let start = at + 2;
  let length = der[at + 1];
  if (length & 0x80) {
    const bytes = length & 0x7f;
    length = 0;
    for (let i = 0; i < bytes; i++) length = length * 256 + der[start++];
  }
  return { start, end: start + length };
}

// publicKeyOf returns the SubjectPublicKeyInfo of a certificate. It stands after the
// version, serial number, signature algorithm, issuer, validity and subject.
function publicKeyOf(der) {
  const certificate = element(der, 0);
  let at = element(der, certificate.start).start;
  if (der[at] === 0xa0) at = element(der, at).end; // the version, which may be left out
  for (let i = 0; i < 5; i++) at = element(der, at).end;
  return der.slice(at, element(der, at).end);
}

function fromPEM(pem) {
  const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, "");
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

function toBase64(bytes) {
  const parts = [];
  for (let i = 0; i < bytes.length; i += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  }
  return btoa(parts.join(""));
}

// openCertificate returns the key of a certificate and the SHA-256 of it, in hex.
async function openCertificate(pem) {
  const der = fromPEM(pem);
  const key = await crypto.subtle.importKey("spki", publicKeyOf(der), { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return { key, fingerprint: Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("") };
}

// labelOf binds ciphertext to where it may be decrypted.
function labelOf(scope, namespace, name) {
  return { strict: namespace + "/" + name, "namespace-wide": namespace, "cluster-wide": "" }[scope];
}

// encrypt returns the value in the format of SealedSecrets: the length of the block
// as two bytes, the block (a new session key under RSA-OAEP), and the value under
// AES-256-GCM with that key. The nonce is zero because no session key is used twice.
async function encrypt(publicKey, label, value) {
  const session = crypto.getRandomValues(new Uint8Array(32));
  const oaep = label === "" ? { name: "RSA-OAEP" } : { name: "RSA-OAEP", label: utf8(label) };
  const block = new Uint8Array(await crypto.subtle.encrypt(oaep, publicKey, session));
  const aes = await crypto.subtle.importKey("raw", session, "AES-GCM", false, ["encrypt"]);
  session.fill(0);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, aes, value));
  const out = new Uint8Array(2 + block.length + sealed.length);
  out.set([block.length >> 8, block.length & 0xff]);
  out.set(block, 2);
  out.set(sealed, 2 + block.length);
  return toBase64(out);
}

// ---- Checks ----

const maxBytes = 1 << 20; // of all values of a Secret

function isPEM(text, kind) {
  const lines = text.trim().split(/\r?\n/);
  return new RegExp("^-----BEGIN " + kind + "-----$").test(lines[0]) && new RegExp("^-----END " + kind + "-----$").test(lines[lines.length - 1]);
}

function isDockerConfig(text) {
  try {
    const auths = JSON.parse(text).auths;
    return typeof auths === "object" && auths !== null && Object.keys(auths).length > 0;
  } catch {
    return false;
  }
}

// checks say what is wrong with the value of a key that a type needs, "" for nothing.
const checks = {
  ".dockerconfigjson": (text) => (isDockerConfig(text) ? "" : 'This is not a config.json: it needs "auths" with a registry.'),
  username: (text) => (text === "" ? "The user name is empty." : ""),
  password: (text) => (text === "" ? "The password is empty." : ""),
  "tls.crt": (text) => (isPEM(text, "CERTIFICATE") ? "" : "This is not a certificate in PEM."),
  "tls.key": (text) => (isPEM(text, "(?:[A-Z]+ )?PRIVATE KEY") ? "" : "This is not a private key in PEM."),
  "ssh-privatekey": (text) => (isPEM(text, "(?:[A-Z]+ )?PRIVATE KEY") ? "" : "This is not a private key in PEM."),
};

const scopes = {
  strict: "Decrypted only under this name in this namespace.",
  "namespace-wide": "Decrypted under any name in this namespace.",
  "cluster-wide": "Decrypted under any name in any namespace of the cluster.",
};

function wrongName(name) {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) ? "" : "Use lower-case letters, digits, hyphens and dots.";
}

function wrongNamespace(namespace) {
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(namespace) ? "" : "Use lower-case letters, digits and hyphens.";
}

function wrongKey(key, others) {
  if (!/^[A-Za-z0-9._-]+$/.test(key) || key === "." || key.startsWith("..")) return "Use letters, digits, dots, hyphens and underscores.";
  return others.includes(key) ? "This key is there twice." : "";
}

// ---- The page ----

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const listOf = (maybe) => maybe ?? [];
let rowCount = 0;

// problem shows what went wrong, with a way to log in if that helps; "" hides it.
function problem(title, hint, login) {
  $("problem-title").textContent = title;
  $("problem-hint").textContent = hint ?? "";
  $("problem-login").hidden = !login;
  if (login) $("problem-login").firstElementChild.href = login;
  $("problem").hidden = title === "";
  if (title !== "") $("problem").focus();
}

// fault shows what is wrong with a field below it, and tells whether something is.
function fault(field, place, message) {
  field.setAttribute("aria-invalid", String(message !== ""));
  place.textContent = message;
  place.hidden = message === "";
  return message !== "";
}

// options fills a select and keeps what was chosen when it is still there.
function options(select, entries) {
  const chosen = select.value;
  select.replaceChildren(...entries.map(([value, text, disabled]) => {
    const option = new Option(text, value);
    option.disabled = disabled === true;
    return option;
  }));
  if (entries.some(([value]) => value === chosen)) select.value = chosen;
}

function lines(list, texts) {
  list.replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  list.hidden = texts.length === 0;
}

const environment = () => data.environments.find((e) => e.name === $("environment").value);
const overlay = () => listOf(environment().overlays).find((o) => o.path === $("overlay").value);
const existing = () => listOf(overlay()?.secrets)[$("existing").value]; // undefined for a new one
const typeOf = () => data.types.find((t) => t.name === $("type").value);
const neededKeys = () => listOf(typeOf()?.keys);

function showEnvironments() {
  const all = data.environments.map((e) => [e.name, e.name, e.refused !== ""]);
  options($("environment"), all);
  const open = data.environments.filter((e) => e.refused === "");
  $("environment").value = (open.find((e) => e.name === data.ask.environment) ?? open[0]).name;
  lines($("refused"), data.environments.filter((e) => e.refused !== "").map((e) => e.name + ": " + e.refused));
}

function showEnvironment() {
  const env = environment();
  const overlays = listOf(env.overlays);
  options($("overlay"), overlays.map((o) => [o.path, o.app && !o.path.includes(o.app) ? o.path + " (" + o.app + ")" : o.path]));
  const asked = overlays.find((o) => o.path === data.ask.overlay) ?? overlays.find((o) => data.ask.app !== "" && o.app === data.ask.app);
  if (asked) $("overlay").value = asked.path;
  $("certificate-environment").textContent = env.name;
  $("fingerprint").textContent = env.fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:");
  $("expires").textContent = env.expires;
  lines($("warnings"), listOf(env.warnings));
  showOverlay();
}

function showOverlay() {
  const secrets = listOf(overlay()?.secrets);
  $("existing").value = ""; // a place in another list is another secret
  options($("existing"), [["", "A new SealedSecret"], ...secrets.map((s, i) => [String(i), "Change " + s.name + " (" + s.file + ")"])]);
  const asked = secrets.findIndex((s) => s.name === data.ask.name);
  if (asked >= 0) $("existing").value = String(asked);
  showSecret();
}

// showSecret fills in what is given: all of a SealedSecret that is there, and the
// namespace that the overlay sets.
function showSecret() {
  const chosen = existing();
  const own = overlay()?.namespace ?? "";
  const fixed = (field, value, is) => {
    if (is) field.value = value;
    field.readOnly = is;
    field.disabled = is && field instanceof HTMLSelectElement;
  };
  const kinds = data.types.map((t) => t.name);
  if (chosen && !kinds.includes(chosen.type)) kinds.push(chosen.type);
  options($("type"), kinds.map((kind) => [kind, kind]));
  if (!chosen && $("name").readOnly) $("name").value = data.ask.name;
  fixed($("name"), chosen?.name, Boolean(chosen));
  fixed($("namespace"), chosen?.namespace || own, Boolean(chosen?.namespace || own));
  fixed($("type"), chosen?.type, Boolean(chosen));
  fixed($("scope"), chosen?.scope, Boolean(chosen));
  $("namespace-help").hidden = !own;
  $("existing-help").hidden = !chosen;
  const shared = chosen?.shared ? " Other overlays use it too: it changes for all of them." : "";
  $("existing-help").textContent = chosen ? "It has the keys " + listOf(chosen.keys).join(", ") + ". Only the keys that you give below change." + shared : "";
  $("known-keys").replaceChildren(...listOf(chosen?.keys).map((key) => new Option(key, key)));
  showScope();
  showType();
}

function showScope() {
  $("scope-help").textContent = scopes[$("scope").value];
}

// showType gives rows for the keys that the type needs, and keeps what was typed.
function showType() {
  const keys = neededKeys();
  $("type-help").textContent = keys.length > 0 ? "Needs " + keys.join(typeOf().any ? " or " : " and ") + "." : "Any keys.";
  const needed = existing() ? [] : keys;
  for (const row of rows()) if (isBlank(row)) row.remove();
  for (const key of needed) if (!rows().some((row) => keyOf(row) === key)) addRow(key);
  if (rows().length === 0) addRow("");
}

// ---- The rows of keys and values ----

const rows = () => Array.from($("rows").children);
const part = (row, name) => row.querySelector("." + name);
const keyOf = (row) => part(row, "key").value;
const fileOf = (row) => part(row, "file").files[0];
const isBlank = (row) => part(row, "value").value === "" && !fileOf(row) && !(row.dataset.given === "" && keyOf(row) !== "");

// addRow adds a row. One whose key was typed or asked for, and not given by the
// type, is kept when the type changes.
function addRow(key, asked) {
  const row = $("row").content.cloneNode(true).firstElementChild;
  const id = "row-" + rowCount++;
  for (const name of ["key", "value", "file"]) {
    const field = part(row, name);
    field.id = id + "-" + name;
    field.previousElementSibling.htmlFor = field.id;
  }
  for (const [name, about] of [["key", "key"], ["value", "value"], ["file", "value"]]) {
    part(row, about + "-fault").id = id + "-" + about + "-fault";
    part(row, name).setAttribute("aria-describedby", id + "-" + about + "-fault");
  }
  part(row, "key").value = key;
  row.dataset.given = asked ? "" : key;
  $("rows").append(row);
  nameRow(row);
  part(row, "key").addEventListener("input", () => {
    row.dataset.given = "";
    nameRow(row);
  });
  part(row, "file").addEventListener("change", () => takeFile(row));
  part(row, "remove").addEventListener("click", () => removeRow(row));
  return row;
}

// nameRow says to screen readers which key a field belongs to.
function nameRow(row) {
  const key = keyOf(row) || "the new key";
  part(row, "value").previousElementSibling.textContent = keyOf(row) ? "Value of " + keyOf(row) : "Value";
  part(row, "file").setAttribute("aria-label", "or a file for " + key);
  part(row, "remove").setAttribute("aria-label", "Remove " + key);
}

function takeFile(row) {
  const value = part(row, "value");
  const file = fileOf(row);
  value.disabled = Boolean(file);
  value.value = "";
  value.placeholder = file ? "From the file: " + file.size.toLocaleString("en") + " B" : "";
}

function removeRow(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  wipe(row);
  row.remove();
  part(next ?? addRow(""), "key").focus();
}

// rowFault is fault for the value of a row, which is typed or a file.
function rowFault(row, message) {
  const [used, other] = fileOf(row) ? ["file", "value"] : ["value", "file"];
  fault(part(row, other), part(row, "value-fault"), "");
  return fault(part(row, used), part(row, "value-fault"), message);
}

function wipe(row) {
  part(row, "value").value = "";
  part(row, "file").value = "";
}

async function bytesOf(row) {
  const file = fileOf(row);
  return file ? new Uint8Array(await file.arrayBuffer()) : utf8(part(row, "value").value);
}

// ---- Sending ----

// missingKeys are those that a new Secret of the type needs besides.
function missingKeys(given) {
  const missing = existing() ? [] : neededKeys().filter((key) => !given.includes(key));
  return typeOf()?.any && missing.length < neededKeys().length ? [] : missing;
}

// values reads the rows and checks them. It returns nothing when something is
// wrong with one.
async function values() {
  const out = [];
  let total = 0;
  let faults = 0;
  for (const row of rows()) {
    const key = keyOf(row);
    faults += fault(part(row, "key"), part(row, "key-fault"), wrongKey(key, out.map((v) => v.key)));
    const bytes = await bytesOf(row);
    total += bytes.length;
    let wrong = neededKeys().includes(key) ? checks[key](new TextDecoder().decode(bytes)) : "";
    if (total > maxBytes) wrong = "The values have more than 1 MiB together, which is all that a Secret may hold.";
    faults += rowFault(row, wrong);
    out.push({ key, bytes });
  }
  for (const key of missingKeys(out.map((v) => v.key))) {
    const row = addRow(key);
    faults += rowFault(row, "This type needs " + key + ".");
  }
  return faults > 0 ? null : out;
}

function placeIsWrong() {
  const faults = [
    fault($("overlay"), $("overlay-fault"), overlay() ? "" : "This environment has no overlay to put a secret into."),
    fault($("name"), $("name-fault"), wrongName($("name").value)),
    fault($("namespace"), $("namespace-fault"), wrongNamespace($("namespace").value)),
  ];
  return faults.includes(true);
}

// submission encrypts the values for the place that is chosen now.
async function submission(secrets) {
  const env = environment();
  const certificate = await openCertificate(env.certificate);
  if (certificate.fingerprint !== env.fingerprint) throw new Error("the certificate is not the one that is shown");
  const place = { namespace: $("namespace").value, name: $("name").value, scope: $("scope").value };
  const label = labelOf(place.scope, place.namespace, place.name);
  const items = {};
  for (const { key, bytes } of secrets) {
    items[key] = await encrypt(certificate.key, label, bytes);
    bytes.fill(0);
  }
  return {
    ...place, items, environment: env.name, overlay: $("overlay").value, type: $("type").value, fingerprint: env.fingerprint,
    existing: existing()?.file ?? "", ownPull: data.ownPull || $("own-pull").checked,
  };
}

function send(body) {
  return fetch(location.pathname, {
    method: "POST", body: JSON.stringify(body), cache: "no-store", redirect: "error", credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-Sealift-Form": data.csrf },
  });
}

function busy(text) {
  $("status").textContent = text;
  $("submit").disabled = text !== "";
}

async function submit(event) {
  event.preventDefault();
  problem("");
  if ($("submit").disabled) return;
  busy("Encrypting…");
  try {
    const wrong = placeIsWrong();
    const secrets = await values();
    if (wrong || !secrets) {
      busy("");
      $("form").querySelector("[aria-invalid=true]").focus();
      return;
    }
    const body = await submission(secrets);
    busy("Committing…");
    const answer = await send(body);
    showAnswer(answer.ok, await answer.json(), Object.keys(body.items));
  } catch {
    busy("");
    problem("That did not work", "The service was not reached, or the browser could not encrypt. Look at the pull request before you try again.");
  }
}

// retry are the failures after which the same form can be sent again, so that what
// was typed stays.
const retry = ["invalid", "denied", "limited", "unavailable"];

function showAnswer(ok, answer, keys) {
  busy("");
  if (!ok) {
    problem(answer.message, [answer.hint, answer.reference && "Reference for the operator: " + answer.reference].filter(Boolean).join(" "), answer.login);
    if (!retry.includes(answer.code)) finish();
    return;
  }
  finish();
  $("done-file").textContent = answer.file;
  $("done-keys").textContent = keys.join(", ");
  $("done-commit").textContent = answer.commit.slice(0, 12);
  if (/^https?:\/\//.test(answer.url)) $("done-link").href = answer.url;
  $("done").hidden = false;
  $("done").focus();
}

// finish takes the form off the page, with everything that was typed.
function finish() {
  rows().forEach(wipe);
  $("form").remove();
}

// ---- Start ----

function mask() {
  $("rows").classList.toggle("masked", !$("show").checked);
}

function start() {
  $("until").textContent = new Date($("until").dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (!globalThis.crypto?.subtle) {
    problem("This browser cannot encrypt here", "Browsers encrypt only on pages that come by https, or from this machine. Open the link by https, or seal at a terminal with bot seal.");
    return;
  }
  if (!listOf(data.environments).some((e) => e.refused === "")) {
    problem("There is no environment that you can seal for", listOf(data.environments).map((e) => e.name + ": " + e.refused).join(" "));
    return;
  }
  options($("scope"), data.scopes.map((scope) => [scope, scope]));
  $("name").value = data.ask.name;
  for (const key of listOf(data.ask.keys)) addRow(key, true);
  showEnvironments();
  showEnvironment();
  mask();
  $("own").hidden = data.ownPull;
  $("own-only").hidden = !data.ownPull;
  $("environment").addEventListener("change", showEnvironment);
  $("overlay").addEventListener("change", showOverlay);
  $("existing").addEventListener("change", showSecret);
  $("type").addEventListener("change", showType);
  $("scope").addEventListener("change", showScope);
  $("show").addEventListener("change", mask);
  $("add").addEventListener("click", () => part(addRow(""), "key").focus());
  $("form").addEventListener("submit", submit);
  addEventListener("pagehide", () => rows().forEach(wipe)); // nothing for the cache of the back button
  $("form").hidden = false;
}

start();
