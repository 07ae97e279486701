import { describe, expect, it } from "vitest";
import { isGlobalUnicast } from "../../../functions/providers/global-unicast.ts";

describe("isGlobalUnicast", () => {
  it.each(["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450:4001:80e::200e"])(
    "lets %s through",
    (address) => expect(isGlobalUnicast(address)).toBe(true),
  );

  it.each([
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2a00:1450:4001:80e:0:5efe:7f00:1",
    "2a00:1450:4001:80e:200:5efe:7f00:1",
    "not an address",
    "",
  ])("refuses %s", (address) => expect(isGlobalUnicast(address)).toBe(false));
});
