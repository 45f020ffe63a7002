/** The languages there is a grammar of, sorted: what the product's `SyntaxParser` offers. */
export const SYNTAX_LANGUAGES: readonly string[] = [
  'c',
  'c_sharp',
  'cpp',
  'go',
  'java',
  'javascript',
  'php',
  'python',
  'ruby',
  'rust',
  'tsx',
  'typescript',
]

/** Other spellings of the languages a `SyntaxParser` may offer: fence tags, file endings, names in prose. */
const SPELLINGS: Readonly<Record<string, string>> = {
  'c#': 'c_sharp',
  'c++': 'cpp',
  cc: 'cpp',
  cjs: 'javascript',
  cs: 'c_sharp',
  csharp: 'c_sharp',
  cxx: 'cpp',
  golang: 'go',
  h: 'c',
  hpp: 'cpp',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  node: 'javascript',
  py: 'python',
  python3: 'python',
  rb: 'ruby',
  rs: 'rust',
  ts: 'typescript',
}

/** Returns the name a `SyntaxParser` knows the language `tag` by; a tag of no known language comes back in lower case. */
export function syntaxLanguage(tag: string): string {
  const name = tag.trim().toLowerCase()
  return (Object.hasOwn(SPELLINGS, name) ? SPELLINGS[name] : undefined) ?? name
}
