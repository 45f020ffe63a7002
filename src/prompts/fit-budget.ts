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
 * Returns what fits in `chars`, in the order given. Given up first: the oldest entries; the oldest that is kept may be
 * cut in its middle, and says so. The reader's own newest entry (`isOwn`) is given up last. O(entries kept).
 */
export function fitEntries<T extends { readonly block: string }>(
  entries: readonly T[],
  chars: number,
  isOwn: (entry: T) => boolean,
): readonly Fitted<T>[] {
  const kept: Fitted<T>[] = []
  let left = chars
  for (let i = entries.length - 1; i >= 0 && left > 0; i -= 1) {
    const entry = entries[i]
    if (entry === undefined) continue
    if (entry.block.length <= left) {
      kept.push({ entry, text: entry.block })
      left -= entry.block.length
      continue
    }
    if (left > CUT_MARK.length + 200) {
      const half = Math.floor((left - CUT_MARK.length) / 2)
      kept.push({ entry, text: `${entry.block.slice(0, half)}${CUT_MARK}${entry.block.slice(entry.block.length - half)}` })
      left = 0
    }
    break
  }
  return keepOwn(entries, kept, left, isOwn).reverse()
}

/** Puts the reader's own newest entry back, in place of the oldest kept ones, when the walk did not reach it. */
function keepOwn<T extends { readonly block: string }>(
  entries: readonly T[],
  kept: Fitted<T>[],
  left: number,
  isOwn: (entry: T) => boolean,
): Fitted<T>[] {
  if (kept.some((item) => isOwn(item.entry))) return kept
  const own = entries.findLast(isOwn)
  if (own === undefined) return kept
  const rest = [...kept]
  let free = left
  while (rest.length > 0 && free < own.block.length) free += rest.pop()?.text.length ?? 0
  return own.block.length <= free ? [...rest, { entry: own, text: own.block }] : kept
}
