/** RFC 9421's own Ed25519 example: the key of Appendix B.1.4, the request and signature of B.2.6. */

export const RFC_KEY = {
  kty: "OKP",
  crv: "Ed25519",
  x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  d: "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
} as const;

export const RFC_COMPONENTS = [
  ["date", "Tue, 20 Apr 2021 02:07:55 GMT"],
  ["@method", "POST"],
  ["@path", "/foo"],
  ["@authority", "example.com"],
  ["content-type", "application/json"],
  ["content-length", "18"],
] as const;

export const RFC_PARAMS =
  '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';

export const RFC_BASE = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`;

export const RFC_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
