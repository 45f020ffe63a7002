/** Why a whole-file answer must not take the place of a file that exists. */

const ELISION = /\.{3}|…/
const REST =
  /\b(?:rest of|remaining|existing|unchanged|as before|same as|previous|other (?:methods|functions|code|imports)|omitted|your code|code here|keep (?:the|all))\b/i
const COMMENT = /^\s*(?:#|\/\/|--|\/\*|<!--|;|%|\{\/\*)\s*(.*?)\s*(?:\*\/\}?|-->)?\s*$/
const PHRASE =
  /^\[?\(?(?:the )?(?:rest|remainder|existing code|previous code|other (?:methods|functions|code))\b.*(?:unchanged|remains?|stays?|same|here|code|file|above|before|\))?\]?\)?\.?$/i

/** Returns the line that stands for code left out (`# ... existing code ...`), if `old` does not hold it too, or null. */
export function findPlaceholder(code: string, old: string): string | null {
  if (!ELISION.test(code) && !REST.test(code) && !/\brest\b/i.test(code)) return null
  const known = new Set(old.split('\n').map((line) => line.trim()))
  for (const line of code.split('\n')) {
    if (line.length > 200) continue
    const body = COMMENT.exec(line)?.[1]
    if (body === undefined || body === '' || known.has(line.trim())) continue
    const isElided = ELISION.test(body) && (REST.test(body) || /^\W+$/.test(body))
    if (isElided || (PHRASE.test(body) && /\b(?:unchanged|remains?|stays?|same|here|existing)\b/i.test(body))) return line.trim()
  }
  return null
}

const DELETION =
  /\b(?:remov(?:e|es|ed|ing)|delet(?:e|es|ed|ing)|dropp?(?:s|ed|ing)?|strip(?:s|ped)?|simplif(?:y|ies|ied)|replac(?:e|es|ed|ing) (?:the )?(?:whole|entire)|rewr(?:ite|ote|itten))\b/i

const lineCount = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length

/**
 * Returns why `code` may not replace `old`, or null. `prose` is the reply around the code, in which a deletion is announced;
 * `isCut` says that the answer ended inside this file.
 */
export function refuseWholeFile(
  code: string,
  old: string,
  prose: string,
  isCut: boolean,
): { readonly warning: string; readonly why: string } | null {
  if (isCut) return { warning: 'truncated', why: 'the answer was cut inside this file, which exists' }
  const placeholder = findPlaceholder(code, old)
  if (placeholder !== null) return { warning: 'placeholder', why: `leaves code out: ${placeholder.slice(0, 80)}` }
  const before = lineCount(old)
  const after = lineCount(code)
  if (after * 2 < before && !DELETION.test(prose))
    return { warning: 'shrunk', why: `keeps ${after} of ${before} lines, and no deletion is announced` }
  return null
}
