/** Words that name a language in a task, the specific before the general. */
const LANGUAGE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\btypescript\b|```(?:ts|typescript)\b/i, 'typescript'],
  [/\bjavascript\b|```(?:js|javascript)\b/i, 'javascript'],
  [/\bpython\b|\bpytest\b|\bfastapi\b|\bdjango\b|```(?:py|python)\b|\bdef \w+\(/i, 'python'],
  // A node is a part of a list or tree far more often than a runtime: only a phrase that can mean nothing else counts.
  [/\b[Nn]ode(?:\.js|js|JS)\b|\b(?:in|for|with|on|under) Node\b(?! ?[a-z(])|\bwith node\b(?! ?[a-z(])/, 'javascript'],
  [/\bgolang\b|\bin go\b|```go\b/i, 'go'],
  [/\brust\b|```rust\b/i, 'rust'],
  [/\bjava\b|```java\b/i, 'java'],
  [/\bc#|\bcsharp\b/i, 'c_sharp'],
  [/\bc\+\+|\bcpp\b/i, 'cpp'],
  [/\bruby\b/i, 'ruby'],
  [/\bphp\b/i, 'php'],
  [/\bfunction \w+\s*\(/, 'javascript'],
]

/** Returns the language a task asks for; null when its text does not say. */
export function languageOfTask(prompt: string): string | null {
  return LANGUAGE_WORDS.find(([words]) => words.test(prompt))?.[1] ?? null
}

/** `Write merge(a, b)`, `a function called merge(`, `implement the Python function merge(`. */
const ASKED =
  /\b(?:write|implement|create|define|complete|function|method|called|named)\s+(?:(?:a|an|the|python|javascript|typescript|js|ts|async|function|method|called|named)\s+){0,6}`?([A-Za-z_$][\w$]{0,63})`?\s{0,3}\(/gi

/**
 * Returns the name of the function a task asks for: the one its text declares or asks for by name, whether or not a
 * program defines it; else the first name its text calls or quotes that the programs define; else the one that most
 * programs define; null when nothing tells. `definitions[i]` are the top-level names of program i.
 */
export function findEntryPoint(prompt: string, definitions: readonly (readonly string[])[]): string | null {
  const counts = new Map<string, number>()
  for (const names of definitions) for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1)
  const named = (pattern: RegExp): string[] => [...prompt.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '')
  const declared = named(/\b(?:def|function|func|fn)\s+([A-Za-z_$][\w$]{0,63})\s{0,3}(?:<[^>]{0,80}>)?\(/g)
  const asked = named(ASKED)
  const wanted =
    declared.findLast((name) => counts.has(name)) ?? asked.find((name) => counts.has(name)) ?? declared.at(-1) ?? asked[0]
  if (wanted !== undefined) return wanted
  const firstCalled = named(/\b([A-Za-z_$][\w$]{0,63})\s{0,3}\(|`([A-Za-z_$][\w$]{0,63})`/g).find((name) => counts.has(name))
  if (firstCalled !== undefined) return firstCalled
  const most = Math.max(0, ...counts.values())
  const common = [...counts].filter(([, count]) => count === most).map(([name]) => name)
  return most * 2 > definitions.length && common.length === 1 ? (common[0] ?? null) : null
}
