/** The two grammars evidence is read in. TypeScript evidence reads as JavaScript: a value carries no types. */
export type ConsensusLanguage = 'python' | 'javascript'

const READ_AS: Readonly<Record<string, ConsensusLanguage>> = {
  python: 'python',
  py: 'python',
  javascript: 'javascript',
  js: 'javascript',
  jsx: 'javascript',
  typescript: 'javascript',
  ts: 'javascript',
  tsx: 'javascript',
}

/** Returns the grammar in which evidence for `language` is read, or null for a language whose values cannot be read. */
export function consensusLanguage(language: string): ConsensusLanguage | null {
  return READ_AS[language.toLowerCase()] ?? null
}
