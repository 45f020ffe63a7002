import type { ConsensusLanguage } from './language.ts'
import type { ReadLiteral } from './number-text.ts'

const PYTHON_OPEN = /([rRbBuU]{0,2})('''|"""|'|")/y
const JAVASCRIPT_OPEN = /()(['"`])/y
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
  '\n': '',
}

/**
 * Returns the string or bytes literal at `start`, adjacent Python literals joined, or null. An f-string and a template
 * with `${` are not literals. Bytes carry one character a byte.
 */
export function readString(text: string, start: number, language: ConsensusLanguage): ReadLiteral | null {
  const first = readOne(text, start, language)
  if (first === null || language === 'javascript') return first
  let { value, end } = first
  for (;;) {
    const gap = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0
    const next = readOne(text, end + gap, language)
    if (next === null || next.value.t !== value.t || value.t === 'none') return { value, end }
    if (!('v' in value) || typeof value.v !== 'string' || !('v' in next.value) || typeof next.value.v !== 'string') return null
    value = { t: value.t === 'bytes' ? 'bytes' : 'str', v: value.v + next.value.v }
    end = next.end
  }
}

function readOne(text: string, start: number, language: ConsensusLanguage): ReadLiteral | null {
  const opener = language === 'python' ? PYTHON_OPEN : JAVASCRIPT_OPEN
  opener.lastIndex = start
  const open = opener.exec(text)
  if (open === null) return null
  const prefix = (open[1] ?? '').toLowerCase()
  const quote = open[2] ?? ''
  const isRaw = prefix.includes('r')
  const spansLines = quote.length === 3 || quote === '`'
  let out = ''
  let at = opener.lastIndex
  for (;;) {
    if (text.startsWith(quote, at)) {
      return { value: { t: prefix.includes('b') ? 'bytes' : 'str', v: out }, end: at + quote.length }
    }
    const char = text[at]
    if (char === undefined || (char === '\n' && !spansLines) || (quote === '`' && text.startsWith('${', at))) return null
    if (char !== '\\') {
      out += char
      at += 1
    } else if (isRaw) {
      out += text.slice(at, at + 2)
      at += 2
    } else {
      const read = readEscape(text, at + 1)
      out += read.text
      at = read.end
    }
  }
}

function readEscape(text: string, at: number): { text: string; end: number } {
  const numbered = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|U([\da-fA-F]{8}))/.exec(text.slice(at, at + 9))
  if (numbered !== null) {
    const code = Number.parseInt(numbered[1] ?? numbered[2] ?? numbered[3] ?? numbered[4] ?? '', 16)
    if (code <= 0x10ffff) return { text: String.fromCodePoint(code), end: at + numbered[0].length }
  }
  const char = text[at] ?? ''
  return { text: SIMPLE_ESCAPES[char] ?? `\\${char}`, end: at + 1 }
}
