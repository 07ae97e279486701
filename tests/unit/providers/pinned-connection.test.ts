import type { LookupFunction } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { guardedHttps, POST_BOUNDS } from "../../../functions/providers/https.ts";
import { pinnedConnector, type Resolver } from "../../../functions/providers/pinned-connection.ts";

const PUBLIC_4 = "93.184.215.14";
const PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c";
const NOT_REACHED = Object.assign(new Error("stopped by the test"), { code: "STOPPED" });

/** A guarded POST whose connections end where a socket would begin: it notes each address that would have been called. */
function watched(resolver: Partial<Resolver> = {}) {
  const called: string[] = [];
  const lookedUp: string[] = [];
  const names: Resolver = {
    resolve4: async (name) => {
      lookedUp.push(name);
      return resolver.resolve4?.(name) ?? [];
    },
    resolve6: async (name) => resolver.resolve6?.(name) ?? [],
  };
  const https = guardedHttps("public", POST_BOUNDS, () =>
    pinnedConnector(names, (lookup: LookupFunction) => (options, callback) => {
      // As net.connect does it: a literal is called as it is, everything else is looked up.
      const host = options.hostname.replace(/^\[|\]$/g, "");
      if (ipaddr.isValid(host)) {
        called.push(host);
        return queueMicrotask(() => callback(NOT_REACHED, null));
      }
      lookup(host, { all: true }, (error, addresses) => {
        if (error === null && Array.isArray(addresses)) called.push(...addresses.map(({ address }) => address));
        callback(error ?? NOT_REACHED, null);
      });
    }),
  );
  const post = (endpoint: string) => https.post({ endpoint, headers: {}, body: "{}" });
  return { post, called, lookedUp };
}

const answering = (v4: string[], v6: string[] = []): Resolver => ({
  resolve4: async () => v4,
  resolve6: async () => v6,
});

// Hosts of URLs, by what they are.
const REFUSED: Record<string, readonly string[]> = {
  "loopback, as written by people who want in": [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.255.255.254",
    "127.0.0.1.",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
  ],
  "this host and this network": ["0", "0.0.0.0", "0.1.2.3", "0x0", "[::]", "[0::0]"],
  "private networks": [
    "10.0.0.1",
    "10.255.255.255",
    "0xa000001",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "0xc0a80001",
    "3232235521",
    "100.64.0.1",
    "100.127.255.255",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fec0::1]",
  ],
  "link-local and metadata services of clouds": [
    "169.254.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "169.254.169.253",
    "169.254.169.123",
    "100.100.100.200",
    "192.0.0.192",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[febf::1]",
  ],
  "IPv4 inside IPv6": [
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[0:0:0:0:0:ffff:7f00:1]",
    `[::ffff:${PUBLIC_4}]`,
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2001::1]",
    "[2001:db8::5efe:7f00:1]",
    "[2606:4700::5efe:7f00:1]",
    "[2606:4700::200:5efe:a00:1]",
  ],
  "reserved, documentation, benchmarks, multicast, broadcast": [
    "192.0.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[100::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[e000::1]",
  ],
  "no address at all": [
    "[fe80::1%25eth0]",
    "[::1%250]",
    "[2606:4700::1111%25lo]",
    "256.256.256.256",
    "1.2.3.4.5",
    "0x",
    "127.0.0.0x100",
    "[::1",
    "[]",
    "",
    "exa mple.com",
  ],
};
const forms = Object.entries(REFUSED).flatMap(([kind, hosts]) => hosts.map((host) => [kind, host] as const));

describe("an endpoint's literal address", () => {
  it("has more than eighty forms in the table", () => expect(forms.length).toBeGreaterThan(80));

  it.each(forms)("%s: %s is never called", async (_, host) => {
    // A name server that vouches for everything: what is refused is refused for what it is.
    const { post, called } = watched(answering(["127.0.0.1"]));
    expect(await post(`https://${host}/hook`)).toMatchObject({ outcome: "unavailable" });
    expect(called).toEqual([]);
  });

  it.each([PUBLIC_4, `[${PUBLIC_6}]`, "1572394766", "0x5db8d70e"])("%s is public, and called", async (host) => {
    const { post, called } = watched();
    expect(await post(`https://${host}/hook`)).toMatchObject({ reason: "STOPPED" });
    expect([PUBLIC_4, PUBLIC_6]).toContain(called[0]);
  });
});

describe("an endpoint's name", () => {
  it("is looked up once, and called at the answers that were checked", async () => {
    const { post, called, lookedUp } = watched(answering([PUBLIC_4], [PUBLIC_6]));
    await post("https://hooks.example.com/");
    expect(lookedUp).toEqual(["hooks.example.com"]);
    expect(called).toEqual([PUBLIC_4, PUBLIC_6]);
  });

  it.each([
    ["a private one among public ones", [PUBLIC_4, "10.0.0.1"], []],
    ["a public one before loopback", [PUBLIC_4], ["::1"]],
    ["a mapped one", [], ["::ffff:127.0.0.1"]],
    ["only the metadata service", ["169.254.169.254"], []],
    ["something that is no address", ["localhost"], []],
  ])("is refused for %s", async (_, v4, v6) => {
    const { post, called } = watched(answering(v4, v6));
    const reason = "the name has an address that is not public";
    expect(await post("https://hooks.example.com/")).toMatchObject({
      outcome: "unavailable",
      reason,
      retryAfterMs: null,
    });
    expect(called).toEqual([]);
  });

  it("is refused without an address, and when nobody answers for it", async () => {
    expect(await watched(answering([])).post("https://hooks.example.com/")).toMatchObject({
      reason: "the name has no address",
    });
    const refuse = async () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" }));
    expect(await watched({ resolve4: refuse, resolve6: refuse }).post("https://hooks.example.com/")).toMatchObject({
      outcome: "unavailable",
      reason: "ENOTFOUND",
      retryAfterMs: null,
    });
  });

  it("that is bound anew between attempts is looked at anew", async () => {
    const answers = [[PUBLIC_4], ["127.0.0.1"], ["127.0.0.1"]];
    const { post, called } = watched({ resolve4: async () => answers.shift() ?? [] });
    expect(await post("https://rebind.example.com/")).toMatchObject({ reason: "STOPPED" });
    expect(await post("https://rebind.example.com/")).toMatchObject({
      reason: "the name has an address that is not public",
    });
    expect(called).toEqual([PUBLIC_4]);
  });

  it("in another script is looked up in its ASCII form", async () => {
    const { post, lookedUp } = watched(answering([PUBLIC_4]));
    await post("https://bücher.example/");
    expect(lookedUp).toEqual(["xn--bcher-kva.example"]);
  });

  it.each(["localhost", "localhost.", "metadata.google.internal", "instance-data"])(
    "%s is worth what it resolves to",
    async (host) => {
      const { post, called } = watched(answering(["127.0.0.1"]));
      expect(await post(`https://${host}/`)).toMatchObject({ outcome: "unavailable" });
      expect(called).toEqual([]);
    },
  );
});

describe("an endpoint's form", () => {
  it.each([
    ["only https endpoints are called", "http://hooks.example.com/"],
    ["only https endpoints are called", "ftp://hooks.example.com/"],
    ["only https endpoints are called", "file:///etc/passwd"],
    ["only https endpoints are called", "javascript:alert(1)"],
    ["only ports 443 and 8443 are called", "https://hooks.example.com:22/"],
    ["only ports 443 and 8443 are called", "https://hooks.example.com:444/"],
    ["user info in the endpoint", "https://user@hooks.example.com/"],
    ["user info in the endpoint", "https://hooks.example.com:pass@evil.example/"],
    ["the endpoint is not an address", "//hooks.example.com/"],
  ])("%s: %s", async (reason, endpoint) => {
    const { post, called, lookedUp } = watched(answering([PUBLIC_4]));
    expect(await post(endpoint)).toMatchObject({ outcome: "unavailable", reason, retryAfterMs: null });
    expect([...called, ...lookedUp]).toEqual([]);
  });

  it.each(["https://hooks.example.com/", "https://hooks.example.com:443/", "https://hooks.example.com:8443/"])(
    "%s is called",
    async (endpoint) => {
      expect(await watched(answering([PUBLIC_4])).post(endpoint)).toMatchObject({ reason: "STOPPED" });
    },
  );
});

/** By the ranges of the address registries alone. */
function isCalledRightly(address: string): boolean {
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || (parsed.toByteArray()[0] ?? 0) >> 5 === 1;
}

describe("whatever is given as an endpoint", () => {
  const v4 = fc.oneof(fc.ipV4(), fc.constantFrom("127.0.0.1", "10.1.2.3", "169.254.169.254", PUBLIC_4));
  const v6 = fc.oneof(fc.ipV6(), fc.constantFrom("::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", PUBLIC_6));
  const number = fc.nat(2 ** 32 - 1);
  const host = fc.oneof(
    v4,
    fc.ipV4Extended(),
    v6.map((address) => `[${address}]`),
    number.map(String),
    number.map((value) => `0x${value.toString(16)}`),
    number.map((value) => `0${value.toString(8)}`),
    fc.domain(),
    fc.string(),
  );
  const endpoint = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    host.map((name) => `https://${name}/`),
    fc.tuple(host, fc.constantFrom("443", "8443", "80", "")).map(([name, port]) => `https://${name}:${port}/x`),
    fc.tuple(fc.string(), host).map(([user, name]) => `https://${user}@${name}/`),
    fc.tuple(fc.string(), host).map(([before, name]) => `${before}https://${name}`),
  );

  it("nothing is called but global unicast addresses", async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(
        endpoint,
        fc.array(v4, { maxLength: 3 }),
        fc.array(v6, { maxLength: 2 }),
        async (given, a, b) => {
          const { post, called } = watched(answering(a, b));
          expect((await post(given)).outcome).toBe("unavailable");
          for (const address of called) expect(isCalledRightly(address), `${given} -> ${address}`).toBe(true);
          reached += called.length;
        },
      ),
      { numRuns: 2_000 },
    );
    // It would hold of a guard that refuses all, too.
    expect(reached).toBeGreaterThan(20);
  });
});
