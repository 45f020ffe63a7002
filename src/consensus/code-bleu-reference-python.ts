/**
 * Returns Python without comments and without the strings that begin a statement's line, by its lexical rules alone;
 * null where they are broken, that is where a string, a bracket or an indentation is left open. O(n).
 */
export function stripPython(source: string): string | null {
  return new PythonStripper(source).strip()
}

class PythonStripper {
  readonly #source: string
  readonly #indents = [0]
  #at = 0
  #lineStart = 0
  #depth = 0
  /** True where a string would be taken for a docstring: after an indentation or the end of a statement. */
  #atStatement = true
  #out = ''
  #kept = 0
  /** Per quote, up to where none of its kind is closed: those in between stand behind backslashes. */
  readonly #unclosedTo = new Map<string, number>()

  constructor(source: string) {
    this.#source = source
  }

  strip(): string | null {
    let continued = false
    while (this.#at < this.#source.length) {
      this.#lineStart = this.#at
      const isFresh = this.#depth === 0 && !continued
      const start = isFresh ? this.#startLine() : 'code'
      if (start === 'broken') return null
      const end = this.#finishLine(start === 'blank')
      if (end === 'open') return null
      continued = end === 'continued'
    }
    return this.#depth === 0 && !continued ? this.#out + this.#source.slice(this.#kept) : null
  }

  #startLine(): 'blank' | 'broken' | 'code' {
    let column = 0
    for (let char = this.#source[this.#at]; char === ' ' || char === '\t' || char === '\f'; char = this.#source[++this.#at]) {
      column = char === ' ' ? column + 1 : char === '\t' ? (Math.floor(column / 8) + 1) * 8 : 0
    }
    if ('\r\n#'.includes(this.#source[this.#at] ?? '\n')) return 'blank'
    if (column > (this.#indents.at(-1) ?? 0)) {
      this.#indents.push(column)
      this.#atStatement = true
    }
    while (column < (this.#indents.at(-1) ?? 0)) {
      if (!this.#indents.includes(column)) return 'broken'
      this.#indents.pop()
      this.#atStatement = false
    }
    return 'code'
  }

  /** Reads on behind the next line end that is not within a string. */
  #finishLine(isBlank: boolean): 'continued' | 'ended' | 'open' {
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at] ?? ''
      if (char === '\n') {
        this.#at++
        this.#atStatement = !isBlank && this.#depth <= 0
        return 'ended'
      }
      if (char === '\\' && /^\\\r?\n/.test(this.#source.slice(this.#at, this.#at + 3))) {
        this.#at = this.#source.indexOf('\n', this.#at) + 1
        return 'continued'
      }
      if (char === '#') {
        const end = this.#source.indexOf('\n', this.#at)
        this.#dropTo(end < 0 ? this.#source.length : end)
      } else if (/\s/.test(char)) this.#at++
      else if (!this.#token(char)) return 'open'
    }
    return 'ended'
  }

  /** Reads one token; false for a string of three quotes that nothing closes. */
  #token(char: string): boolean {
    const prefix = /^[bBfFrRuU]{0,2}(?=["'])/.exec(this.#source.slice(this.#at, this.#at + 3))?.[0]
    if (prefix !== undefined) return this.#string(this.#at + prefix.length)
    if ('([{'.includes(char)) this.#depth++
    if (')]}'.includes(char)) this.#depth--
    WORD.lastIndex = this.#at
    this.#at += WORD.exec(this.#source)?.[0].length ?? 1
    this.#atStatement = false
    return true
  }

  #string(open: number): boolean {
    const three = this.#source.slice(open, open + 3)
    const isTriple = three === '"""' || three === "'''"
    const end = this.#stringEnd(open, isTriple)
    if (end < 0 && isTriple) return false
    const isFirst = this.#atStatement || this.#at === this.#lineStart
    // A lone quote is a token of no kind, and what follows it is code.
    if (end < 0) this.#at = open + 1
    else if (isFirst) this.#dropTo(end)
    else this.#at = end
    const newline = this.#source.slice(open, this.#at).lastIndexOf('\n')
    if (newline >= 0) this.#lineStart = open + newline + 1
    this.#atStatement = false
    return true
  }

  /** Returns the place after the string, or -1 if nothing closes it, in its line unless it is triple. */
  #stringEnd(open: number, isTriple: boolean): number {
    const quotes = this.#source.slice(open, open + (isTriple ? 3 : 1))
    if (open < (this.#unclosedTo.get(quotes) ?? 0)) return -1
    let i = open + quotes.length
    for (; i < this.#source.length; i++) {
      if (this.#source[i] === '\\') i++
      else if (this.#source.startsWith(quotes, i)) return i + quotes.length
      else if (!isTriple && this.#source[i] === '\n') break
    }
    this.#unclosedTo.set(quotes, i)
    return -1
  }

  #dropTo(end: number): void {
    this.#out += this.#source.slice(this.#kept, this.#at)
    this.#kept = end
    this.#at = end
  }
}

const WORD = /[\p{L}\p{N}_]+/uy
