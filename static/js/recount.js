// Counts a published round again from its bundle, in the reader's own browser.
//
// A second implementation of logovote/recount.py, written for checking it: the same
// steps, the same words, exact numbers throughout (BigInt), no code in common.

const FORMAT = "logovote-bundle/1";
const NONE = "none";
export const REPRODUCED = 0;
const MISMATCH = 2;
const MALFORMED = 3;
const NOT_RECOUNTABLE = 4;

const ALWAYS = ["manifest", "rules", "groups", "classes", "designs", "events", "result"].map((name) => `${name}.json`);
const SOMETIMES = ["ballots", "aggregate", "exposure", "exposure_all", "recusals", "insight"].map(
  (name) => `${name}.json`,
);
const STATUS_AFTER = {
  "design.imported": "standing",
  "design.restored": "standing",
  "design.withdrawn": "withdrawn",
};
const METHODS = { shortlist: "seqphragmen", ranking: "ranked_pairs" };
const LARGEST_FILE = 64 * 1024 ** 2;
const LARGEST_BUNDLE = 128 * 1024 ** 2;
const DEEPEST = 12;
const EXACT = /^(0|[1-9][0-9]{0,2000})(\/[1-9][0-9]{0,2000})?$/;
const HEX = /^[0-9a-f]{64}$/;
const DRAWN = /^([0-9a-f]{64}|[0-9a-f]{128})$/;

class Refusal extends Error {
  constructor(exit, message) {
    super(message);
    this.exit = exit;
  }
}
// What a browser holds at once; a script on a larger machine may take more.
const tooLarge = (name) => {
  const more = "count it with recount.py, which takes larger ones with --large";
  throw Object.assign(new Refusal(MALFORMED, `${name} is larger than a browser takes: ${more}`), { tooLarge: true });
};
const malformed = (message) => {
  throw new Refusal(MALFORMED, message);
};
const mismatch = (message) => {
  throw new Refusal(MISMATCH, message);
};

// ── bytes, hashes, canonical JSON ──────────────────────────────────────────────────

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const digest = async (data) => hexOf(await sha256(typeof data === "string" ? encoder.encode(data) : data));

async function hmac(key, text) {
  const secret = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hexOf(new Uint8Array(await crypto.subtle.sign("HMAC", secret, encoder.encode(text))));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compare as Python does, by code points: JavaScript's own order is by UTF-16 units. */
function byCodePoint(a, b) {
  const left = Array.from(a, (letter) => letter.codePointAt(0));
  const right = Array.from(b, (letter) => letter.codePointAt(0));
  const at = left.findIndex((point, n) => point !== right[n]);
  return at < 0 ? left.length - right.length : left[at] - (right[at] ?? -1);
}

/** Write JSON in its one form: sorted keys, no spaces, NFC, integers only. */
export function canon(value, depth = DEEPEST) {
  if (depth < 0) malformed("its JSON is nested too deeply");
  if (typeof value === "string") return JSON.stringify(value.normalize("NFC"));
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) malformed("its JSON holds a number that is no integer");
    return String(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => canon(item, depth - 1)).join(",")}]`;
  const parts = Object.keys(value).sort(byCodePoint).map((key) => `${canon(key)}:${canon(value[key], depth - 1)}`);
  return `{${parts.join(",")}}`;
}

/** Read canonical JSON; comparing its text anew finds floats and keys that came twice. */
function parse(name, bytes) {
  let text;
  let value;
  try {
    text = strict.decode(bytes);
    value = JSON.parse(text);
  } catch {
    malformed(`${name} is no JSON that can be read`);
  }
  if (canon(value) !== text) malformed(`${name} is not in canonical form`);
  return value;
}

// ── exact fractions: [numerator, denominator], in lowest terms ─────────────────────

const gcd = (a, b) => {
  while (b) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
};
const lcm = (a, b) => (a / gcd(a, b)) * b;
const fraction = (top, bottom = 1n) => {
  const common = gcd(top, bottom) || 1n;
  return bottom < 0n ? [-top / common, -bottom / common] : [top / common, bottom / common];
};
const ZERO = fraction(0n);
const ONE = fraction(1n);
const plus = ([a, b], [c, d]) => fraction(a * d + c * b, b * d);
const minus = ([a, b], [c, d]) => fraction(a * d - c * b, b * d);
const times = ([a, b], [c, d]) => fraction(a * c, b * d);
const over = ([a, b], [c, d]) => fraction(a * d, b * c);
const order = ([a, b], [c, d]) => {
  const difference = a * d - c * b;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
};
const whole = (number) => fraction(BigInt(number));
const sum = (values) => values.reduce(plus, ZERO);
const part = (of, all) => (all[0] ? over(of, all) : ZERO);
const written = ([top, bottom]) => (bottom === 1n ? `${top}` : `${top}/${bottom}`);

function exact(text) {
  if (typeof text !== "string" || !EXACT.test(text)) malformed("a number in it is no exact one such as 3/2");
  const [top, bottom = "1"] = text.split("/");
  const value = fraction(BigInt(top), BigInt(bottom));
  if (written(value) !== text) malformed(`${text.slice(0, 40)} is not in lowest terms`);
  return value;
}

// ── reading the zip, whatever it claims about itself ───────────────────────────────

/** Read the members of a bundle: a map of names to bytes. */
export async function readBundle(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return await readMembers(bytes, view);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return malformed("it cannot be read as a zip file");
  }
}

async function readMembers(bytes, view) {
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) malformed("it cannot be read as a zip file");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const files = new Map();
  let room = LARGEST_BUNDLE;
  for (let n = 0; n < count; n += 1) {
    if (view.getUint32(at, true) !== 0x02014b50) malformed("it cannot be read as a zip file");
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const packed = view.getUint32(at + 20, true);
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const local = view.getUint32(at + 42, true);
    const name = strict.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (flags & 1 || (method !== 0 && method !== 8)) malformed(`${name} is packed in an unknown way`);
    if (files.has(name)) malformed("it holds two files of one name");
    if (![...ALWAYS, ...SOMETIMES].includes(name)) malformed("it holds a file that is no part of a bundle");
    if (view.getUint32(local, true) !== 0x04034b50) malformed("it cannot be read as a zip file");
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const body = bytes.subarray(start, start + packed);
    if (body.length !== packed) malformed("it cannot be read as a zip file");
    const data = method === 8 ? await inflate(name, body, Math.min(LARGEST_FILE, room)) : body;
    room -= data.length;
    if (room < 0 || data.length > LARGEST_FILE) tooLarge(name);
    if (crc32(data) !== view.getUint32(at + 16, true)) malformed(`${name} is damaged`);
    files.set(name, data);
    at += 46 + nameLength + extra + comment;
  }
  for (const name of ALWAYS) if (!files.has(name)) malformed(`it does not hold ${name}`);
  if (files.has("ballots.json") === files.has("aggregate.json")) {
    malformed("it must hold either ballots.json or aggregate.json");
  }
  return files;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const crc32 = (bytes) => ~bytes.reduce((crc, byte) => (crc >>> 8) ^ CRC[(crc ^ byte) & 255], ~0) >>> 0;

/** Inflate, counting what comes out: what an archive says of a size is a claim. */
async function inflate(name, body, most) {
  const chunks = [];
  let length = 0;
  const stream = new Blob([body]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return joined(...chunks);
    length += value.length;
    if (length > most) {
      await reader.cancel();
      tooLarge(name);
    }
    chunks.push(value);
  }
}

// ── taking it apart ────────────────────────────────────────────────────────────────

const is = (kind, value) => {
  const real = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if (real !== kind) malformed(`a part of it is no ${kind}`);
  return value;
};
const atLeast = (least, value) => (is("number", value) >= least ? value : malformed("a number in it is too small"));
const isDigest = (value) => (HEX.test(is("string", value)) ? value : malformed("a digest in it is none"));

function takeApart(files) {
  const value = (name) => (files.has(`${name}.json`) ? parse(`${name}.json`, files.get(`${name}.json`)) : undefined);
  const rules = is("object", value("rules"));
  const kind = is("string", rules.round.kind);
  if (METHODS[kind] !== rules.method) malformed(`this page cannot count a ${kind} by ${rules.method}`);
  const known = {
    unranked: ["last", "no_opinion"],
    weights: ["fixed_share", "per_voter"],
    status_quo_id: [NONE],
    publish: ["ballots", "aggregate", "auditors"],
  };
  for (const [name, values] of Object.entries(known)) {
    if (!values.includes(rules[name])) malformed(`this page does not know its ${name}`);
  }
  for (const name of ["public_string", "beacon", "contest"]) is("string", rules[name]);
  const isRanking = kind === "ranking";
  const bundle = {
    files,
    rules,
    isRanking,
    seats: atLeast(1, rules.seats),
    round: `${kind}/${atLeast(1, rules.round.number)}`,
    manifest: is("object", value("manifest")),
    result: is("object", value("result")),
    events: is("array", value("events")),
    aggregate: value("aggregate"),
  };
  for (const event of bundle.events) {
    is("object", event.payload);
    is("string", event.kind);
    isDigest(event.hash);
  }
  bundle.groups = new Map(
    is("array", value("groups")).map((group) => [
      is("string", group.id),
      {
        share: exact(group.share),
        weight: exact(group.weight),
        cap: exact(group.cap),
        eligible: atLeast(0, group.eligible),
        quorum: atLeast(0, group.quorum),
      },
    ]),
  );
  bundle.classes = new Map(
    is("array", value("classes")).map((each) => [
      is("string", each.id),
      {
        group: bundle.groups.has(each.group) ? each.group : malformed("a class is of no group"),
        weight: exact(each.weight),
        eligible: atLeast(0, each.eligible),
        ballots: atLeast(0, each.ballots),
      },
    ]),
  );
  bundle.designs = new Map(
    is("array", value("designs")).map((design) => [
      String(atLeast(0, design.id)),
      {
        family: is("string", design.family),
        image_sha256: isDigest(design.image_sha256),
        status: is("string", design.status),
        recency: atLeast(0, design.recency),
      },
    ]),
  );
  bundle.standing = new Map([...bundle.designs].filter(([, design]) => design.status === "standing"));
  if (isRanking === files.has("exposure.json")) malformed("a shortlist, and nothing else, has an exposure");
  bundle.exposure = value("exposure");
  bundle.exposureAll = value("exposure_all");
  bundle.recused = new Map(
    is("array", value("recusals") ?? []).map(({ voter, families }) => [isDigest(voter), is("array", families)]),
  );
  bundle.lines = is("array", value("ballots") ?? []).map((line) => checkedLine(line, bundle));
  return bundle;
}

function checkedLine(line, { isRanking, classes }) {
  const keys = Object.keys(is("object", line));
  const known = ["t", "c", "b", "n", "aside"];
  if (!["t", "c", "b"].every((key) => keys.includes(key)) || keys.some((key) => !known.includes(key))) {
    malformed("a ballot line has other parts than t, c, b, n and aside");
  }
  if (![undefined, true].includes(line.aside)) malformed("a ballot line is set aside in an unknown way");
  is("string", line.t);
  if (!classes.has(line.c)) malformed("a ballot is of a class that is not there");
  if ("n" in line) atLeast(0, line.n);
  const tiers = isRanking ? is("array", line.b) : [is("array", line.b)];
  for (const tier of tiers) {
    const sorted = [...new Set(is("array", tier).map((id) => is("string", id)))].sort(byCodePoint);
    if (sorted.length !== tier.length || sorted.some((id, n) => id !== tier[n])) {
      malformed("a ballot is not written in order");
    }
  }
  if (new Set(tiers.flat()).size < tiers.flat().length) malformed("a ballot names a design twice");
  return line;
}

// ── checking: does everything agree with everything else? ──────────────────────────

const same = (a, b) => canon(a ?? null) === canon(b ?? null);
const lastEvent = ({ events, round }) => {
  const last = events.at(-1);
  if (last?.kind !== "round.counted" || last.payload.round !== round) {
    mismatch("the event log does not end with the count of this round");
  }
  return last;
};
const lastOf = ({ events, round }, kind) =>
  events.findLast((event) => event.kind === kind && event.payload.round === round) ??
  mismatch(`the event log holds no ${kind} of this round`);

async function checkChain({ events }) {
  let prev = "0".repeat(64);
  for (const [n, { hash, ...rest }] of events.entries()) {
    const keys = Object.keys(rest).sort().join();
    if (
      keys !== "actor,at,kind,payload,prev,seq" ||
      rest.seq !== n + 1 ||
      rest.prev !== prev ||
      hash !== (await digest(`logovote-event-v1\0${canon(rest)}`))
    ) {
      mismatch(`event ${n + 1} of the log was changed, or one before it is missing`);
    }
    prev = hash;
  }
  return `${events.length} events form one chain`;
}

function differing(digests, named) {
  const listed = named && typeof named === "object" ? named : {};
  const names = [...new Set([...Object.keys(digests), ...Object.keys(listed)])].sort();
  return names.find((name) => digests[name] !== listed[name]);
}

async function checkManifest(bundle) {
  const { manifest, rules, files } = bundle;
  if (manifest.format !== FORMAT) malformed(`its format is not ${FORMAT}`);
  const digests = {};
  for (const [name, data] of files) if (name !== "manifest.json") digests[name] = await digest(data);
  let wrong = differing(digests, manifest.files);
  if (wrong) mismatch(`${wrong} is not the file that the manifest names`);
  const counted = { ...lastEvent(bundle).payload.files };
  const ours = { ...digests };
  delete ours["events.json"];
  if (rules.publish !== "ballots") delete counted[bundle.aggregate ? "ballots.json" : "aggregate.json"];
  wrong = differing(ours, counted);
  if (wrong) mismatch(`${wrong} is not the file that the log says was counted`);
  const expected = {
    format: FORMAT,
    contest: rules.contest,
    round: rules.round,
    publish: rules.publish,
    scope: !bundle.aggregate && rules.publish !== "ballots" ? "full" : "public",
    software: lastEvent(bundle).payload.software,
    files: digests,
    event_head: lastEvent(bundle).hash,
  };
  for (const name of new Set([...Object.keys(expected), ...Object.keys(manifest)])) {
    if (!same(manifest[name], expected[name])) mismatch(`the manifest's ${name} is not that of the other files`);
  }
  return `${Object.keys(digests).length} files are those that the manifest names`;
}

async function checkOpening(bundle) {
  const { round: _round, commitment, ...committed } = lastOf(bundle, "round.opened").payload;
  if (commitment !== (await digest(canon(committed)))) {
    mismatch("the opening commitment is not that of what is said to be opened");
  }
  if (!same(committed.rules, bundle.rules)) mismatch("the rules are not those that the round was opened with");
  const cap = String(bundle.rules.cap);
  const opened = bundle.rules.groups.map(({ id, share, weight }) => ({ id, share, weight, cap }));
  const ours = [...bundle.groups].map(([id, group]) => ({
    id,
    share: written(group.share),
    weight: written(group.weight),
    cap: written(group.cap),
  }));
  if (!same(opened, ours)) mismatch("the groups are not those that the round was opened with");
  return `rules and groups are those of the opening, ${commitment.slice(0, 16)}…`;
}

function checkReplay(bundle) {
  const { seq, payload } = lastOf(bundle, "round.opened");
  const roll = new Map();
  const add = (group, weight, number) => {
    const key = JSON.stringify([group, weight]);
    roll.set(key, (roll.get(key) ?? 0) + number);
  };
  const named = new Map(payload.classes.map((each) => [each.id, each]));
  for (const [id, number] of Object.entries(payload.roll.counts)) add(named.get(id).group, named.get(id).weight, number);
  const designs = new Map(
    payload.designs.map(({ id, family, image_sha256 }) => [String(id), { family, image_sha256, status: "standing" }]),
  );
  for (const event of bundle.events.slice(seq)) replay(event, bundle.round, designs, add);
  for (const id of new Set([...designs.keys(), ...bundle.designs.keys()])) {
    const { recency: _recency, ...ours } = bundle.designs.get(id) ?? {};
    if (!same(ours, designs.get(id) ?? {})) mismatch(`design ${id} is not as the opening and the log since have it`);
  }
  const people = [...roll.values()].reduce((total, number) => total + number, 0);
  for (const { group, weight, eligible } of bundle.classes.values()) add(group, written(weight), -eligible);
  if ([...roll.values()].some(Boolean)) {
    mismatch("the number of people is not as the opening and the log since have it");
  }
  const told = `${bundle.standing.size} designs and ${people} people are as the log has them`;
  return told + checkRecusals(bundle, people);
}

/** Are the designers among the voters those that the log marks, and can they have kept out? */
function checkRecusals(bundle, people) {
  const marked = new Set();
  for (const { kind, payload } of bundle.events) {
    if (kind === "voter.recused") marked.add(payload.voter);
    if (kind === "voter.admitted") marked.delete(payload.voter);
    if (kind === "roll.removed") payload.voters.forEach(({ id }) => marked.delete(id));
  }
  if (!same([...marked].sort(), [...bundle.recused.keys()].sort())) {
    mismatch("the recused voters are not those that the log has");
  }
  for (const family of new Set([...bundle.recused.values()].flat())) {
    const own = [...bundle.recused.values()].filter((families) => families.includes(family)).length;
    const names = (id) => (bundle.designs.get(id)?.family ?? id) === family;
    // A ranking says something of every family.
    const voted = bundle.lines
      .filter(({ b }) => bundle.isRanking || b.some(names))
      .reduce((total, { n = 1 }) => total + n, 0);
    if (voted > people - own) mismatch(`more people voted for the family “${family}” than may`);
  }
  return marked.size ? `; ${marked.size} voters are recused from own designs` : "";
}

function replay({ kind, payload }, round, designs, add) {
  if (kind.startsWith("design.")) {
    const id = String(payload.entry);
    if (payload.round === round && !designs.has(id)) designs.set(id, { family: payload.family });
    const design = designs.get(id);
    if (!design) return;
    design.image_sha256 = payload.image_sha256;
    // Nothing else that becomes of a design brings it back or takes it out.
    design.status = STATUS_AFTER[kind] ?? design.status;
  } else if (["roll.added", "roll.moved", "roll.removed"].includes(kind)) {
    for (const voter of payload.voters) {
      add(voter.group, voter.weight, kind === "roll.removed" ? -1 : 1);
      if (kind === "roll.moved") add(voter.from_group, voter.from_weight, -1);
    }
  } else if (kind === "ballots.imported" && payload.round === round) {
    for (const each of payload.classes) add(each.group, each.weight, each.ballots);
  }
}

const leafOf = async ({ aside: _aside, ...line }) => hexOf(await sha256(joined(Uint8Array.of(0), encoder.encode(canon(line)))));

async function checkBallots(bundle) {
  const { payload: closed } = lastOf(bundle, "round.closed");
  let leaves = bundle.aggregate?.leaves;
  if (leaves) {
    if (leaves.some((leaf, n) => n && leaves[n - 1] > isDigest(leaf))) mismatch("the leaves are not in order");
  } else {
    const tags = bundle.lines.map((line) => line.t);
    if (tags.some((tag, n) => n && byCodePoint(tags[n - 1], tag) >= 0)) {
      mismatch("the ballots are not in order of their tags, each once");
    }
    leaves = await Promise.all(bundle.lines.map(leafOf));
    const cast = new Map();
    for (const { c, n = 1 } of bundle.lines) cast.set(c, (cast.get(c) ?? 0) + n);
    for (const [id, { ballots, eligible }] of bundle.classes) {
      if ((cast.get(id) ?? 0) !== ballots) mismatch(`the class “${id}” has another number of ballots than it says`);
      if (ballots > eligible) mismatch(`the class “${id}” has more ballots than people`);
    }
  }
  const total = [...bundle.classes.values()].reduce((all, { ballots }) => all + ballots, 0);
  if (closed.closing_root !== (await root(leaves)) || closed.ballots !== total) {
    mismatch("the ballots are not those that were in the box at the close");
  }
  const told = `${total} ballots are those in the box at the close, ${closed.closing_root.slice(0, 16)}…`;
  return told + (await checkAside(bundle, total));
}

/** The events of this round's review: everything of a kind after its last close. */
const afterClose = (bundle, ...kinds) =>
  bundle.events
    .slice(lastOf(bundle, "round.closed").seq)
    .filter(({ kind, payload }) => kinds.includes(kind) && payload.round === bundle.round);

function asideIds(bundle) {
  const ids = new Set();
  for (const { kind, payload } of afterClose(bundle, "ballots.set_aside", "ballots.restored")) {
    const these = new Set(is("array", payload.ballots).map(isDigest));
    if (these.size < payload.ballots.length || !these.size) mismatch("the log sets a ballot aside twice, or none");
    const fresh = kind === "ballots.set_aside";
    if (fresh && !is("string", payload.reason).trim()) mismatch("the log sets ballots aside without a reason");
    for (const id of these) {
      if (ids.has(id) === fresh) mismatch("the log sets aside, or takes back, what it cannot");
      if (fresh) ids.add(id);
      else ids.delete(id);
    }
  }
  return ids;
}

async function checkAside(bundle, total) {
  const ids = asideIds(bundle);
  if (bundle.aggregate) {
    const counted = Object.values(bundle.aggregate.counted).reduce((all, number) => all + number, 0);
    if (counted + ids.size > total) mismatch("the sums count more ballots than are left when some are aside");
  } else {
    const aside = bundle.lines.filter((line) => line.aside);
    const marked = await Promise.all(aside.map(({ t }) => digest(`logovote-aside-v1\0${t}`)));
    if (!same(marked.sort(), [...ids].sort())) {
      mismatch("the ballots set aside are not those that the log set aside");
    }
  }
  return ids.size ? `; ${ids.size} of them are set aside, as the log says` : "";
}

async function root(leaves) {
  if (!leaves.length) return digest("");
  return hexOf(await subtree([...leaves].sort().map(bytesOf)));
}

async function subtree(leaves) {
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(joined(Uint8Array.of(1), await subtree(leaves.slice(0, split)), await subtree(leaves.slice(split))));
}

function checkHead(bundle, head) {
  const found = bundle.events.find(({ hash }) => hash === head);
  if (!found) {
    mismatch(
      "the published head is not in the event log: this is another log than the one that was published " +
        "(or the head is newer than this bundle)",
    );
  }
  const which = `the published head is event ${found.seq} (${found.kind})`;
  return found.seq < lastOf(bundle, "round.closed").seq
    ? `${which}: everything up to it is as published. It is older than the close, so it says nothing about ballots`
    : `${which}, after the close`;
}

// ── counting ───────────────────────────────────────────────────────────────────────

const familiesOf = ({ standing, isRanking }) =>
  new Map([...standing].map(([id, { family }]) => [id, isRanking ? id : family]));

/** What a ballot says of the designs that stand; null says nothing. */
function saidBy(line, bundle, families) {
  if (bundle.isRanking) {
    const tiers = line.b.map((tier) => tier.filter((id) => id === NONE || bundle.standing.has(id)));
    const some = tiers.filter((tier) => tier.length);
    return some.length ? some : null;
  }
  if (line.b.length === 1 && line.b[0] === NONE) return [[]];
  const approved = line.b.filter((id) => bundle.standing.has(id) || families.has(id));
  return approved.length ? [approved] : null;
}

function countedBallots(bundle) {
  const families = new Set(familiesOf(bundle).values());
  return bundle.lines.flatMap((line) => {
    const said = saidBy(line, bundle, families);
    return said ? [{ said, class_: line.c, number: line.n ?? 1 }] : [];
  });
}

function weigh(bundle, counted) {
  const heads = new Map([...bundle.groups.keys()].map((id) => [id, 0]));
  const mass = new Map([...bundle.groups.keys()].map((id) => [id, ZERO]));
  for (const [id, number] of counted) {
    const { group, weight } = bundle.classes.get(id);
    if (!weight[0]) continue;
    heads.set(group, heads.get(group) + number);
    mass.set(group, plus(mass.get(group), times(whole(number), weight)));
  }
  const groups = [...bundle.groups];
  if (bundle.rules.weights === "per_voter") {
    const all = sum(groups.map(([id, { weight }]) => times(weight, mass.get(id))));
    return new Map(
      groups.map(([id, { weight }]) => [
        id,
        {
          heads: heads.get(id),
          target: ZERO,
          share: part(times(weight, mass.get(id)), all),
          factor: weight,
          atQuorum: heads.get(id) >= 1,
        },
      ]),
    );
  }
  let shares = new Map(
    groups.map(([id, { share, quorum }]) => {
      const voted = heads.get(id);
      const reached = voted < quorum ? fraction(BigInt(voted), BigInt(quorum)) : whole(voted ? 1 : 0);
      return [id, times(share, reached)];
    }),
  );
  const all = sum([...shares.values()]);
  shares = capped(bundle, new Map([...shares].map(([id, share]) => [id, part(share, all)])), heads);
  return new Map(
    groups.map(([id, { share, quorum }]) => [
      id,
      {
        heads: heads.get(id),
        target: share,
        share: shares.get(id),
        factor: part(shares.get(id), mass.get(id)),
        atQuorum: heads.get(id) >= quorum,
      },
    ]),
  );
}

function capped(bundle, shares, heads) {
  const everyone = [...heads.values()].reduce((a, b) => a + b, 0);
  if (!everyone) return shares;
  const limits = new Map(
    [...bundle.groups].map(([id, { cap }]) => [id, times(cap, fraction(BigInt(heads.get(id)), BigInt(everyone)))]),
  );
  const held = new Set();
  for (;;) {
    const excess = [...limits.keys()].filter((id) => order(shares.get(id), limits.get(id)) > 0);
    if (!excess.length) return shares;
    excess.forEach((id) => held.add(id));
    const free = sum([...shares].filter(([id]) => !held.has(id)).map(([, share]) => share));
    if (!free[0]) return shares;
    const rest = minus(ONE, sum([...held].map((id) => limits.get(id))));
    shares = new Map(
      [...shares].map(([id, share]) => [id, held.has(id) ? limits.get(id) : over(times(share, rest), free)]),
    );
  }
}

function quorumOf(eligible) {
  let quorum = 3;
  while (4 * quorum * quorum < 9 * eligible) quorum += 1;
  return quorum;
}

async function seedOf(bundle) {
  const { closing_root: closing } = lastOf(bundle, "round.closed").payload;
  return digest(`logovote-tie-v1\0${bundle.rules.public_string}${closing}${beaconOf(bundle)}`);
}

/** What the public beacon drew that the rules name; "" if they name none. */
function beaconOf(bundle) {
  let drawn = "";
  for (const { payload } of afterClose(bundle, "beacon.drawn")) {
    if (payload.beacon !== bundle.rules.beacon) mismatch("the public draw is not the one that the rules name");
    drawn = is("string", payload.value);
    if (!DRAWN.test(drawn)) mismatch("the public draw has no value that a beacon draws");
  }
  if (!drawn !== !bundle.rules.beacon) mismatch("the rules name a public draw and the log has none, or the reverse");
  return drawn;
}

function checkBeacon(bundle) {
  const { at } = lastOf(bundle, "round.closed");
  return (
    `ties hang on ${bundle.rules.beacon}, which is said to have drawn ${beaconOf(bundle)}: ` +
    `compare it with what the beacon published, and that it came after ${at}`
  );
}

/** The place of every candidate and family in the tie order. */
async function tieRanks(bundle, seed) {
  const familyOf = familiesOf(bundle);
  const key = encoder.encode(seed);
  const keys = [];
  for (const id of [...familyOf.keys(), ...(bundle.isRanking ? [NONE] : [])]) {
    const family = familyOf.get(id) ?? id;
    keys.push({ id, family, draw: `${await hmac(key, family)} ${family} ${await hmac(key, id)}` });
  }
  keys.sort((a, b) => byCodePoint(a.draw, b.draw));
  const ranks = new Map();
  for (const [place, { id, family }] of keys.entries()) {
    if (!ranks.has(family)) ranks.set(family, place);
    ranks.set(id, place);
  }
  return ranks;
}

/** The finest tiers that separate only what two orders agree on. */
function finestTiers(first, second, together = []) {
  const position = new Map(first.map((id, place) => [id, place]));
  const reach = first.map(() => 0);
  const keep = (...places) => {
    const low = Math.min(...places);
    reach[low] = Math.max(reach[low], ...places);
  };
  second.forEach((id, place) => keep(position.get(id), place));
  together.forEach((ids) => keep(...ids.map((id) => position.get(id))));
  const tiers = [];
  let [start, end] = [0, 0];
  reach.forEach((far, place) => {
    end = Math.max(end, far);
    if (place !== end) return;
    tiers.push(first.slice(start, place + 1));
    start = end = place + 1;
  });
  return tiers;
}

function placesOf(tiers) {
  const places = new Map();
  for (const tier of tiers) {
    const place = places.size + 1;
    tier.forEach((id) => places.set(id, { place, tied: tier.length > 1 }));
  }
  return places;
}

// A shortlist, by sequential Phragmén.

function approvalsOf(bundle, weights) {
  const familyOf = familiesOf(bundle);
  const blocs = new Map();
  const ticks = new Map();
  for (const { said, class_, number } of countedBallots(bundle)) {
    const { group, weight } = bundle.classes.get(class_);
    if (!weight[0]) continue;
    const mass = times(times(whole(number), weight), weights.get(group).factor);
    const families = [...new Set(said[0].map((id) => familyOf.get(id) ?? id))].sort(byCodePoint);
    const key = JSON.stringify(families);
    blocs.set(key, plus(blocs.get(key) ?? ZERO, mass));
    for (const id of said[0]) ticks.set(id, plus(ticks.get(id) ?? ZERO, mass));
  }
  const unit = [...blocs.values()].reduce((common, [, bottom]) => lcm(common, bottom), 1n);
  const supports = new Map([...familyOf.values()].map((family) => [family, 0n]));
  const parts = [...blocs]
    .filter(([, mass]) => mass[0])
    .map(([key, [top, bottom]]) => ({ families: JSON.parse(key), weight: top * (unit / bottom) }));
  for (const { families, weight } of parts) {
    for (const family of families) supports.set(family, supports.get(family) + weight);
  }
  return { familyOf, ticks, unit, supports, blocs: parts, total: sum([...blocs.values()]), none: blocs.get("[]") ?? ZERO };
}

function pricesOf(bundle, weights, families) {
  const seen = new Map(
    families.map((family) => [
      family,
      sum([...bundle.groups.keys()].map((id) => times(exact(bundle.exposure[id][family]), weights.get(id).factor))),
    ]),
  );
  const most = [...seen.values()].reduce((a, b) => (order(a, b) >= 0 ? a : b), ZERO);
  const lowest = fraction(1n, 3n);
  return new Map(
    [...seen].map(([family, weight]) => {
      const price = most[0] ? over(weight, most) : ONE;
      return [family, most[0] && order(price, lowest) < 0 ? lowest : price];
    }),
  );
}

/** Elect one after another: whose supporters would carry the least load goes next. */
function elect(voters, prices, families, seats) {
  let scale = [...prices.values()].reduce((common, [, bottom]) => lcm(common, bottom), 1n);
  const cost = new Map(families.map((f) => [f, (prices.get(f)[0] * scale * voters.unit) / prices.get(f)[1]]));
  let burden = new Map(cost);
  let load = voters.blocs.map(() => 0n);
  const open = families.filter((family) => voters.supports.get(family));
  const elected = [];
  while (open.length && elected.length < seats) {
    const tied = least(open, burden, voters.supports, cost);
    const best = tied[0];
    open.splice(open.indexOf(best), 1);
    elected.push({ family: best, tied });
    const [top, bottom] = fraction(burden.get(best), scale * voters.supports.get(best));
    const wider = lcm(scale, bottom) / scale;
    scale *= wider;
    burden = new Map([...burden].map(([family, value]) => [family, value * wider]));
    load = load.map((value) => value * wider);
    const level = top * (scale / bottom);
    for (const [n, { families: theirs, weight }] of voters.blocs.entries()) {
      if (!theirs.includes(best)) continue;
      const more = (level - load[n]) * weight;
      load[n] = level;
      for (const family of theirs) burden.set(family, burden.get(family) + more);
    }
  }
  return elected;
}

/** Of least burden per support; of these the most supported, by what support costs. */
function least(open, burden, supports, cost) {
  let best = [];
  for (const b of open) {
    if (best.length) {
      const a = best[0];
      const more = burden.get(b) * supports.get(a) - burden.get(a) * supports.get(b);
      const by = more || supports.get(a) * cost.get(b) - supports.get(b) * cost.get(a);
      if (by > 0n) continue;
      if (by < 0n) best = [];
    }
    best.push(b);
  }
  return best;
}

async function countShortlist(bundle, weights, seed) {
  const ranks = await tieRanks(bundle, seed);
  const voters = approvalsOf(bundle, weights);
  const families = [...voters.supports.keys()].sort((a, b) => ranks.get(a) - ranks.get(b));
  const prices = pricesOf(bundle, weights, families);
  const first = elect(voters, prices, families, bundle.seats);
  const isTied = first.some(({ tied }) => tied.length > 1);
  const second = isTied ? elect(voters, prices, [...families].reverse(), bundle.seats) : first;
  const together = [...first, ...second].map(({ tied }) => tied);
  const [one, two] = [first, second].map((run) => run.map(({ family }) => family));
  const reached = [...new Set([...one, ...two, ...together.flat()])];
  const places = placesOf(finestTiers(reached, [...new Set([...two, ...reached])], together));
  const standsFor = representatives(bundle, voters, ranks);
  const rank = (family) => [...voters.supports.values()].filter((s) => s > voters.supports.get(family)).length + 1;
  const bySupport = families
    .filter((family) => voters.supports.get(family))
    .sort((a, b) => {
      const by = voters.supports.get(b) - voters.supports.get(a);
      return by > 0n ? 1 : by < 0n ? -1 : ranks.get(a) - ranks.get(b);
    });
  return {
    order: first.map(({ family }) => ({
      ...places.get(family),
      entry: Number(standsFor.get(family)),
      family,
      status_quo: false,
      support: written(over(fraction(voters.supports.get(family), voters.unit), voters.total)),
      approval_place: rank(family),
    })),
    ties: first.flatMap(({ family, tied }, n) =>
      tied.length > 1 ? [{ step: `slot ${n + 1}`, tied, chosen: [family] }] : [],
    ),
    none_share: written(part(voters.none, voters.total)),
    by_approval: bySupport.slice(0, bundle.seats).map((family) => Number(standsFor.get(family))),
    pairs: null,
  };
}

function representatives(bundle, { familyOf, ticks }, ranks) {
  const best = new Map();
  for (const [id, family] of familyOf) {
    const other = best.get(family);
    const by =
      other === undefined
        ? 1
        : order(ticks.get(id) ?? ZERO, ticks.get(other) ?? ZERO) ||
          bundle.standing.get(id).recency - bundle.standing.get(other).recency ||
          ranks.get(other) - ranks.get(id);
    if (by > 0) best.set(family, id);
  }
  return best;
}

// A ranking, by ranked pairs.

const candidatesOf = ({ standing }) => [...[...standing.keys()].sort((a, b) => Number(a) - Number(b)), NONE];

/** Who is above whom on one ballot: what is ranked is above what is not, or says nothing. */
function* comparisons(tiers, candidates, unranked) {
  const named = new Set(tiers.flat());
  const all = unranked === "last" ? [...tiers, candidates.filter((id) => !named.has(id))] : tiers;
  for (const [place, tier] of all.entries()) {
    for (const lower of all.slice(place + 1)) for (const a of tier) for (const b of lower) yield [a, b];
  }
}

function compare(bundle, weights) {
  const candidates = candidatesOf(bundle);
  // What a ballot of each class weighs, as integers over one unit: fractions are slow.
  const masses = [...bundle.classes].map(([id, { group, weight }]) => [id, times(weight, weights.get(group).factor)]);
  const unit = masses.reduce((common, [, [, bottom]]) => lcm(common, bottom), 1n);
  const massOf = new Map(masses.map(([id, [top, bottom]]) => [id, top * (unit / bottom)]));
  const above = new Map(candidates.map((a) => [a, new Map(candidates.map((b) => [b, 0n]))]));
  const add = (a, b, class_, number) =>
    above.get(a).set(b, above.get(a).get(b) + BigInt(number) * massOf.get(class_));
  const fractions = () =>
    new Map([...above].map(([a, row]) => [a, new Map([...row].map(([b, mass]) => [b, fraction(mass, unit)]))]));
  if (bundle.aggregate) {
    for (const [class_, said] of Object.entries(bundle.aggregate.sums)) {
      for (const [name, number] of Object.entries(said)) {
        const [a, b] = name.split(" > ");
        if (!above.has(a) || !above.has(b)) malformed("its sums compare what does not stand");
        add(a, b, class_, atLeast(0, number));
      }
    }
    return fractions();
  }
  // Equal ballots of one class are compared once.
  const piles = new Map();
  for (const { said, class_, number } of countedBallots(bundle)) {
    const key = JSON.stringify([class_, said]);
    piles.set(key, (piles.get(key) ?? 0) + number);
  }
  const counts = new Map();
  for (const [key, number] of piles) {
    const [class_, tiers] = JSON.parse(key);
    if (!counts.has(class_)) counts.set(class_, new Map());
    const table = counts.get(class_);
    for (const [a, b] of comparisons(tiers, candidates, bundle.rules.unranked)) {
      table.set(`${a} ${b}`, (table.get(`${a} ${b}`) ?? 0) + number);
    }
  }
  for (const [class_, table] of counts) {
    for (const [key, number] of table) add(...key.split(" "), class_, number);
  }
  return fractions();
}

function rankedPairs(candidates, margin, ranks) {
  const pairs = candidates.flatMap((a) => candidates.filter((b) => order(margin(a, b), ZERO) > 0).map((b) => [a, b]));
  pairs.sort(
    ([a, b], [c, d]) => order(margin(c, d), margin(a, b)) || ranks.get(a) - ranks.get(c) || ranks.get(d) - ranks.get(b),
  );
  let below = new Map(candidates.map((a) => [a, new Set()]));
  const ties = [];
  for (let start = 0, end; start < pairs.length; start = end) {
    for (end = start; end < pairs.length && !order(margin(...pairs[end]), margin(...pairs[start])); ) end += 1;
    const equal = pairs.slice(start, end);
    const before = new Map([...below].map(([a, lower]) => [a, new Set(lower)]));
    const locked = equal.filter(([a, b]) => {
      if (below.get(b).has(a)) return false;
      const gained = [...below.get(b), b];
      for (const c of candidates) {
        if (c === a || below.get(c).has(a)) gained.forEach((id) => below.get(c).add(id));
      }
      return true;
    });
    const leftOut = equal.filter((pair) => !locked.includes(pair));
    if (!leftOut.every(([a, b]) => before.get(b).has(a))) {
      const [tied, chosen] = [equal, locked].map((some) => some.map(([a, b]) => `${a} > ${b}`));
      ties.push({ step: "lock", tied, chosen });
    }
  }
  const listed = [];
  const remaining = new Set(candidates);
  while (remaining.size) {
    const beaten = new Set([...remaining].flatMap((a) => [...below.get(a)]));
    const unbeaten = [...remaining].filter((a) => !beaten.has(a)).sort((a, b) => ranks.get(a) - ranks.get(b));
    if (unbeaten.length > 1) {
      const tied = [...unbeaten].sort(byCodePoint);
      ties.push({ step: `place ${listed.length + 1}`, tied, chosen: [unbeaten[0]] });
    }
    listed.push(unbeaten[0]);
    remaining.delete(unbeaten[0]);
  }
  return { listed, ties };
}

async function countRanking(bundle, weights, total, seed) {
  const ranks = await tieRanks(bundle, seed);
  const candidates = candidatesOf(bundle);
  const above = compare(bundle, weights);
  const margins = new Map(
    candidates.map((a) => [a, new Map(candidates.map((b) => [b, minus(above.get(a).get(b), above.get(b).get(a))]))]),
  );
  const margin = (a, b) => margins.get(a).get(b);
  const { listed, ties } = rankedPairs(candidates, margin, ranks);
  const turned = rankedPairs(candidates, margin, new Map([...ranks].map(([id, rank]) => [id, -rank])));
  const places = placesOf(finestTiers(listed, turned.listed));
  const signs = (a) => candidates.map((b) => order(margin(a, b), ZERO));
  const all = total[0] ? total : ONE;
  return {
    order: listed.map((id) => ({
      ...places.get(id),
      entry: id === NONE ? null : Number(id),
      family: id === NONE ? null : bundle.standing.get(id).family,
      status_quo: id === NONE,
      beats: signs(id).filter((sign) => sign > 0).length,
      loses: signs(id).filter((sign) => sign < 0).length,
      ...(id === NONE ? {} : { acceptable: order(margin(id, NONE), ZERO) > 0 }),
    })),
    ties,
    none_share: null,
    by_approval: [],
    pairs: Object.fromEntries(
      candidates.map((a) => [
        a,
        Object.fromEntries(
          candidates.filter((b) => b !== a).map((b) => [b, written(over(above.get(a).get(b), all))]),
        ),
      ]),
    ),
  };
}

// ── the whole ──────────────────────────────────────────────────────────────────────

/** The bundle as it is counted: without what was set aside, or with it. */
function viewOf(bundle, withAll) {
  if (!withAll) return { ...bundle, lines: bundle.lines.filter(({ aside }) => !aside) };
  return { ...bundle, exposure: bundle.exposureAll, aggregate: bundle.aggregate?.with_all };
}

/** Count as it was counted, and once more with what was set aside. */
async function recount(bundle) {
  const counted = await recountOnce(viewOf(bundle, false));
  const ids = asideIds(bundle);
  if (ids.size) {
    // Where sums are published, the second result may be kept back.
    const shown = bundle.rules.publish === "ballots" || bundle.result.set_aside?.with_all;
    const all = shown ? (await recountOnce(viewOf(bundle, true))).result : null;
    counted.result.set_aside = { ballots: ids.size, with_all: all };
  }
  return counted;
}

/** Count the round; `complete` tells whether the result is all of it. */
async function recountOnce(bundle) {
  const counted = new Map();
  const count = (id, number) => counted.set(id, (counted.get(id) ?? 0) + number);
  if (bundle.aggregate) for (const [id, number] of Object.entries(bundle.aggregate.counted)) count(id, atLeast(0, number));
  else for (const { class_, number } of countedBallots(bundle)) count(class_, number);
  const weights = weigh(bundle, counted);
  const seed = await seedOf(bundle);
  const held = sum([...weights.values()].filter(({ atQuorum }) => atQuorum).map(({ target }) => target));
  const result = {
    method: bundle.rules.method,
    turnout: Object.fromEntries(
      [...weights].map(([id, { heads, target, share }]) => [
        id,
        {
          voted: heads,
          eligible: bundle.groups.get(id).eligible,
          target: written(target),
          share: written(share),
        },
      ]),
    ),
    binding: order(held, fraction(1n, 2n)) >= 0,
    seed,
  };
  if (!bundle.isRanking) {
    if (bundle.aggregate) return { result, complete: false };
    return { result: { ...result, ...(await countShortlist(bundle, weights, seed)) }, complete: true };
  }
  const total = sum(
    [...counted].map(([id, number]) => {
      const { group, weight } = bundle.classes.get(id);
      return times(times(whole(number), weight), weights.get(group).factor);
    }),
  );
  return { result: { ...result, ...(await countRanking(bundle, weights, total, seed)) }, complete: true };
}

async function checkResult(bundle) {
  for (const [id, group] of bundle.groups) {
    const people = [...bundle.classes.values()]
      .filter(({ group: of, weight }) => of === id && weight[0])
      .reduce((all, { eligible }) => all + eligible, 0);
    if (group.eligible !== people || group.quorum !== quorumOf(people)) {
      mismatch(`the size or the quorum of the group “${id}” is not right`);
    }
  }
  const { result, complete } = await recount(bundle);
  if (!complete) {
    const { set_aside: again = {}, ...rest } = result;
    const told = bundle.result.set_aside ?? {};
    if (told.ballots !== again.ballots) mismatch("the result sets other ballots aside than the log");
    for (const [name, value] of Object.entries(again.with_all ?? {})) {
      if (!same(told.with_all[name], value)) mismatch(`counting all the sums gives another ${name}`);
    }
    for (const [name, value] of Object.entries(rest)) {
      if (!same(value, bundle.result[name])) mismatch(`counting the sums gives another ${name}`);
    }
    return { text: "order not recountable from this bundle: it holds sums, not ballots", complete };
  }
  const differs = Object.keys(result).find((name) => !same(result[name], bundle.result[name]));
  if (differs) mismatch(`counting again gives another result: its ${differs} differs`);
  if (canon(result) !== strict.decode(bundle.files.get("result.json"))) mismatch("counting again gives another result");
  return { text: "counting the ballots again gives the published result, byte for byte", complete };
}

/**
 * Check a bundle step by step; `tell(step)` hears of each as it is done.
 *
 * Returns the same report as `recount.py --json`, and the bundle taken apart.
 */
export async function check(bytes, head = null, tell = () => {}) {
  const report = { status: "reproduced", exit: REPRODUCED, steps: [] };
  let bundle = null;
  let step = "read";
  const passed = (detail) => {
    report.steps.push({ step, ok: true, detail });
    tell(report.steps.at(-1));
  };
  try {
    bundle = takeApart(await readBundle(bytes));
    report.round = `${bundle.rules.contest} ${bundle.round}`;
    passed("it is a bundle, in canonical form");
    const steps = { log: checkChain, manifest: checkManifest, opening: checkOpening, replay: checkReplay };
    if (bundle.rules.beacon) Object.assign(steps, { ballots: checkBallots, beacon: checkBeacon });
    for (const [name, run] of Object.entries({ ...steps, ballots: checkBallots })) {
      step = name;
      passed(await run(bundle));
    }
    step = "result";
    const { text, complete } = await checkResult(bundle);
    passed(text);
    if (!complete) Object.assign(report, { status: "not recountable", exit: NOT_RECOUNTABLE });
    step = "head";
    report.event_head = lastEvent(bundle).hash;
    report.head_checked = head !== null;
    if (head !== null) passed(checkHead(bundle, head));
  } catch (error) {
    // Whatever a stranger's file makes go wrong: it is then no bundle.
    report.exit = error instanceof Refusal ? error.exit : MALFORMED;
    report.status = report.exit === MISMATCH ? "mismatch" : error.tooLarge ? "too large" : "malformed";
    const detail = error instanceof Refusal ? error.message : "its parts do not fit together";
    report.steps.push({ step, ok: false, detail });
    tell(report.steps.at(-1));
    bundle = null;
  }
  return { report, bundle };
}

// ── a voter's own ballot ───────────────────────────────────────────────────────────

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The 16 characters of a line's receipt. */
export async function receiptCode({ t, c, b }) {
  const bytes = (await sha256(encoder.encode(`logovote-receipt-v1\0${canon({ t, c, b })}`))).subarray(0, 10);
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{5}/g).map((five) => BASE32[parseInt(five, 2)]).join("");
}

/** The tag of a voter's ballot: made of what their browser drew and who they are. */
export const tagOf = (nonce, roundId, voterKey) =>
  hmac(bytesOf(nonce), `logovote-tag-v1\0${roundId}\0${voterKey.trim().toLowerCase().normalize("NFC")}`);
