/** How much of a line in front of a call is looked at. */
const MAX_BEFORE = 200

/** What may open a line without being part of what it says: prompts, comment signs, bullets, numbers, the bar of a table. */
const LINE_OPENING =
  /^(?:\s*(?:(?:>>>|\.\.\.|>|#+|\/\/+|\/\*+|\||\d+[.)]|[a-z][.)]|[\wλ]+>)(?=\s|$)|(?:[-+•·‣]|--|\*{1,3})(?=\s)))*\s*/
/** Bold and slanted type, whole: what is inside stays. */
const EMPHASIS = /(^|[\s(:,])(\*{1,3})(?=\S)([^*\n]{1,80})(?<=\S)\2(?=[\s:.,;)]|$)/g
const TAG = /(?:<\/?[a-z][^<>]{0,80}>\s*)+$/i
/** An arrow, an equality, a comment sign, `&&`: what stands behind is stated for itself. */
const STATES_ANEW =
  /(?:[-=~]>|(?:^|[^-+*/%^&|<>!~=])(?:={1,3}|:=)|(?:^|\s)(?:>>>|&&|\/\*+)|(?:^|\W)(?:examples?|tests?|cases?|samples?|notes?)\s*\d*\s*[-*]{1,3})$/i
const OPERATOR = /(?:[-+*/%^&|<>~=×·÷−∗√±≠≤≥]|(?:^|[^\w.])(?:plus|minus|times))$/i
const WORD_OPERATOR = /(?:(?:^|[^\w.])(?:not|never|typeof|void|del|delete|twice|half)|n['’]t)$/i
/** "the length of f(2) is 1", "the sum of f(1) and f(2) is 3", but "the result of f(2) is 1". */
const OF = /\b([a-z]+)\s+of\s*(?:[\w$]+\([^()]{0,80}\)\s*(?:,|and\b)\s*)*$/i
const OF_RESULT =
  /^(?:results?|values?|outputs?|answers?|returns?|examples?|samples?|cases?|calls?|evaluation|execution|invocation|instance)$/i

/**
 * Returns why a call at `at` is not stated for itself, judging by what stands in front of it on its line, or null: an
 * operator (`2 * f(3) == 12` says nothing about `f(3)` alone), a dot, a word like `not`. Doctest prompts, comment signs,
 * bullets and prose are no operators. An example is a hard gate, so what is in doubt is refused.
 */
export function refusedByContext(prompt: string, at: number): string | null {
  const lineStart = prompt.lastIndexOf('\n', at - 1) + 1
  const isCut = at - lineStart > MAX_BEFORE
  const before = isCut ? `…${prompt.slice(at - MAX_BEFORE, at)}` : prompt.slice(lineStart, at)
  if (before.endsWith('.')) return 'it is a member of something else'
  const isExclaimed = /!\s*[`'"(]*$/.test(before) && !/\w!\s+[`'"(]*$/.test(before)
  const text = withoutOpening(before)
  if (isExclaimed || WORD_OPERATOR.test(text)) return 'a word or sign in front turns it round'
  if (STATES_ANEW.test(text)) return null
  if (OPERATOR.test(text)) return 'it is a term of something larger'
  const noun = OF.exec(text)?.[1]
  return noun === undefined || OF_RESULT.test(noun) ? null : `it speaks of the ${noun.toLowerCase()} of the result`
}

function withoutOpening(before: string): string {
  const cell = /^\s*\|/.test(before) ? before.slice(before.lastIndexOf('|') + 1) : before
  const text = cell
    .replace(LINE_OPENING, '')
    .replace(EMPHASIS, '$1$3')
    .replace(TAG, '')
    .replace(/[\s`'"(]+$/, '')
  // Bold type that opens here and closes behind the call.
  return text.replace(/(?:^|(?<=[:,(]\s?))\*{1,3}$/, '')
}
