/** Tokens kept free for the chat template and for our own estimate being off. */
const SLACK_TOKENS = 96
/** Characters a token has at least, on code and prose of the models we know; erring low keeps prompts inside the window. */
const CHARS_PER_TOKEN = 3

/** Returns the characters a prompt may have when `answerTokens` of a window of `contextTokens` are kept for the answer. */
export function promptCharBudget(contextTokens: number, answerTokens: number): number {
  return Math.max(0, contextTokens - answerTokens - SLACK_TOKENS) * CHARS_PER_TOKEN
}

const CUT_MARK = '\n[… cut to fit …]\n'

export interface Fitted<T> {
  readonly entry: T
  readonly text: string
}

/**
 * Returns what fits in `chars`, oldest first, of entries that come newest first. Given up first: the oldest entries; the
 * oldest that is kept may be cut in its middle, and says so. The reader's own newest entry (`isOwn`) is given up last.
 * Reads no further than it must.
 */
export function fitEntries<T extends { readonly block: string }>(
  newestFirst: Iterable<T>,
  chars: number,
  isOwn: (entry: T) => boolean,
): readonly Fitted<T>[] {
  const kept: Fitted<T>[] = []
  let left = chars
  let isFull = false
  for (const entry of newestFirst) {
    if (!isFull && entry.block.length <= left) {
      kept.push({ entry, text: entry.block })
      left -= entry.block.length
      continue
    }
    const hasOwn = kept.some((item) => isOwn(item.entry))
    if (!hasOwn && isOwn(entry)) return replaceOldest(kept, entry, left).reverse()
    if (!isFull && left > CUT_MARK.length + 200) {
      kept.push({ entry, text: cutMiddle(entry.block, left) })
      left = 0
    }
    isFull = true
    if (hasOwn) break
  }
  return kept.reverse()
}

function cutMiddle(block: string, chars: number): string {
  const half = Math.floor((chars - CUT_MARK.length) / 2)
  return `${block.slice(0, half)}${CUT_MARK}${block.slice(block.length - half)}`
}

/** Puts the reader's own entry in place of the oldest kept ones, if it fits at all. `kept` is newest first. */
function replaceOldest<T extends { readonly block: string }>(kept: readonly Fitted<T>[], own: T, left: number): Fitted<T>[] {
  const rest = [...kept]
  let free = left
  while (rest.length > 0 && free < own.block.length) free += rest.pop()?.text.length ?? 0
  return own.block.length <= free ? [...rest, { entry: own, text: own.block }] : [...kept]
}
