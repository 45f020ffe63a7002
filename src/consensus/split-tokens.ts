/** Returns the tokens of a text without a grammar: words, numbers, and every other visible character by itself. O(n). */
export function splitTokens(text: string): string[] {
  return text.match(/\p{L}[\p{L}\p{N}_]*|\p{N}+|\S/gu) ?? []
}
