/**
 * A reply without what is not the answer: line ends of another system, tokens of a chat template, thinking.
 *
 * 1. A marker that stands in quotes or inside a line of code is text that somebody wrote about markers: it stays.
 * 2. Thinking that never ended yields nothing after it; thinking whose opening tag is missing ends at its closing tag.
 */

export interface CleanReply {
  readonly text: string
  readonly warnings: readonly string[]
}

/** Returns the answer's part of a reply, with `\n` line ends. Linear in its length. */
export function cleanReply(reply: string): CleanReply {
  let text = reply
  if (text.includes('\r')) text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  const hasTokens = /<[|｜]|<\/?s>|<end_of_turn>|<start_of_turn>|\[\/?INST\]|\[\/?THINK\]/.test(text)
  if (hasTokens) text = dropTemplateTokens(keepFinalChannel(text))
  const thought = dropThinking(text)
  return hasTokens ? { text: dropTemplateTokens(thought.text), warnings: thought.warnings } : thought
}

/** Channel-marked replies: only the final channel is the answer. Analysis without one reads as thinking that never ended. */
function keepFinalChannel(text: string): string {
  if (!text.includes('<|channel|>')) return text
  const final = '<|channel|>final<|message|>'
  const at = text.lastIndexOf(final)
  if (at !== -1) return text.slice(at + final.length)
  return text.replace(/^\s*(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)<\|message\|>/, '<think>\n')
}

const END = String.raw`<\|(?:im_end|eot_id|endoftext|end_of_text|end|return|eom_id|end_of_turn|EOT|EOS|user|system)\|>|<end_of_turn>|<｜[^｜\n]{1,40}｜>|\[\/?INST\]|<\/s>`
const START = String.raw`<\|im_start\|>(?:assistant|user|system)?|<\|start_header_id\|>\w{0,20}<\|end_header_id\|>|<start_of_turn>(?:model|user)?|<\|(?:assistant|begin_of_text|start)\|>(?:assistant)?|<s>`
const FIRST_TOKENS = new RegExp(String.raw`^(?:\s*(?:${START}|${END}))+\s*?\n?`)
const ECHOED_PROMPT = /^\s*(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>)(?:system|user)/
const ASSISTANT = /<\|im_start\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>|<start_of_turn>model/
const END_AT_LINE_END = new RegExp(String.raw`(?:${END})[ \t]*(?=\n|$|<)`, 'g')
const STARTS_TURN = new RegExp(String.raw`^\s*(?:${START}|(?:user|assistant|human|system)\s*:?\s*\n)`, 'i')

/** Cuts the reply at its own end-of-turn token, and takes off the tokens before its first word. */
function dropTemplateTokens(reply: string): string {
  let text = reply
  if (ECHOED_PROMPT.test(text)) {
    const own = ASSISTANT.exec(text)
    if (own !== null) text = text.slice(own.index)
  }
  text = text.replace(FIRST_TOKENS, '')
  const fences = new FenceParity(text)
  END_AT_LINE_END.lastIndex = 0
  for (let match = END_AT_LINE_END.exec(text); match !== null; match = END_AT_LINE_END.exec(text)) {
    if (isQuoted(text, match.index, match[0].length)) continue
    const rest = text.slice(END_AT_LINE_END.lastIndex, END_AT_LINE_END.lastIndex + 200)
    const isLast = rest.trim() === ''
    if (match[0].startsWith('</s>') && !isLast) continue
    if (isLast || STARTS_TURN.test(rest) || !fences.isInside(match.index)) return text.slice(0, match.index)
  }
  return text
}

const THINK_TAG = /<(\/?)(?:think|thinking|thought|reasoning)>|\[(\/?)THINK\]|◁(\/?)think▷/gi

function dropThinking(text: string): CleanReply {
  if (!/think|thought|reasoning/i.test(text)) return { text, warnings: [] }
  const fences = new FenceParity(text)
  const kept: string[] = []
  let isKeptBlank = true
  let from = 0
  let firstWord = wordAfter(text, 0)
  let openedAt = -1
  THINK_TAG.lastIndex = 0
  for (let match = THINK_TAG.exec(text); match !== null; match = THINK_TAG.exec(text)) {
    const at = match.index
    const end = at + match[0].length
    if (isQuoted(text, at, match[0].length)) continue
    const isClose = match[1] === '/' || match[2] === '/' || match[3] === '/'
    if (openedAt === -1 && !isClose) {
      const isFirst = isKeptBlank && firstWord === at
      if (!isFirst && (!isAtLineStart(text, at) || fences.isInside(at))) continue
      kept.push(text.slice(from, at))
      isKeptBlank &&= firstWord >= at
      openedAt = at
    } else if (isClose) {
      const isAlone = isAtLineStart(text, at) || isAtLineEnd(text, end)
      if (openedAt === -1) {
        if (!isAlone || (fences.isInside(at) && fences.closesAfter(at))) continue
        kept.length = 0
        isKeptBlank = true
      }
      openedAt = -1
      from = end
      firstWord = wordAfter(text, end)
      fences.restart(end)
    }
  }
  if (openedAt !== -1) return { text: kept.join(''), warnings: ['unterminated_think'] }
  kept.push(text.slice(from))
  return { text: kept.join(''), warnings: [] }
}

function wordAfter(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1
  return at
}

const TAG_REACH = 40

function isAtLineStart(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - TAG_REACH), at)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  return line.trim() === '' && line.length < TAG_REACH
}

function isAtLineEnd(text: string, at: number): boolean {
  const next = text.charCodeAt(at)
  return Number.isNaN(next) || next === 10 || (next === 32 && text.slice(at, at + 20).trimStart() === '')
}

function isQuoted(text: string, at: number, length: number): boolean {
  const before = text[at - 1] ?? ' '
  const after = text[at + length] ?? ' '
  const isFence = text.slice(Math.max(0, at - 3), at) === '```' || text.startsWith('```', at + length)
  return !isFence && /["'`]/.test(before + after)
}

/** Whether a place lies inside a fence, for places asked in ascending order. One pass over the text in all. */
class FenceParity {
  readonly #text: string
  #next: number
  #isInside = false

  constructor(text: string) {
    this.#text = text
    this.#next = nextFence(text, 0)
  }

  /** Forgets the fences before `at`: what follows starts outside. */
  restart(at: number): void {
    this.#isInside = false
    while (this.#next < at) this.#next = nextFence(this.#text, lineEnd(this.#text, this.#next))
  }

  isInside(place: number): boolean {
    while (this.#next < place) {
      this.#isInside = !this.#isInside
      this.#next = nextFence(this.#text, lineEnd(this.#text, this.#next))
    }
    return this.#isInside
  }

  /** Whether the next fence line after `place` is a bare one, which ends the block that `place` is in. */
  closesAfter(place: number): boolean {
    this.isInside(place)
    return this.#next !== Number.POSITIVE_INFINITY && /^[`~]+[ \t]*(?:\n|$)/.test(this.#text.slice(this.#next, this.#next + 40))
  }
}

const FENCE_LINE = /^[ \t>]{0,12}(?=```|~~~)/gm

/** Where the next fence mark at a line's start stands, or infinity. */
function nextFence(text: string, from: number): number {
  FENCE_LINE.lastIndex = from
  const match = FENCE_LINE.exec(text)
  return match === null ? Number.POSITIVE_INFINITY : match.index + match[0].length
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at === -1 ? text.length : at
}
