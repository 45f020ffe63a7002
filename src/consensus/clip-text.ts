/** Longest text shown in a decision; the execution records hold the whole. */
const MAX_SHOWN = 200

/** Returns whether a text is shown whole. */
export function isShownWhole(text: string): boolean {
  return text.length <= MAX_SHOWN
}

/** Returns a text, or its beginning with its length. */
export function clip(text: string): string {
  return isShownWhole(text) ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`
}

/**
 * Returns texts that will stand beside each other, each clipped to the place where it parts from the text most like it: two beginnings
 * that are alike would say that there is no difference. One that parts from all others in what `clip` leaves is clipped so.
 */
export function clipApart(texts: readonly string[]): string[] {
  return texts.map((text) => {
    if (isShownWhole(text)) return text
    const parting = Math.max(0, ...texts.filter((other) => other !== text).map((other) => commonLength(text, other)))
    return parting < MAX_SHOWN ? clip(text) : clipAround(text, parting)
  })
}

function clipAround(text: string, at: number): string {
  const from = Math.max(0, Math.min(at - MAX_SHOWN / 2, text.length - MAX_SHOWN))
  const to = from + MAX_SHOWN
  return `…${text.slice(from, to)}${to < text.length ? '…' : ''} (from character ${from + 1} of ${text.length})`
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}
