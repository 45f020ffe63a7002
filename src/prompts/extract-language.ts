/** The names of languages: what a fence tag, a file's ending or the code itself says, in one spelling each. */

const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    py: 'python',
    python3: 'python',
    python2: 'python',
    py3: 'python',
    pycon: 'python',
    ipython: 'python',
    js: 'javascript',
    mjs: 'javascript',
    cjs: 'javascript',
    node: 'javascript',
    nodejs: 'javascript',
    ecmascript: 'javascript',
    es6: 'javascript',
    ts: 'typescript',
    mts: 'typescript',
    cts: 'typescript',
    golang: 'go',
    rs: 'rust',
    rb: 'ruby',
    kt: 'kotlin',
    kts: 'kotlin',
    'c++': 'cpp',
    cc: 'cpp',
    cxx: 'cpp',
    hpp: 'cpp',
    h: 'c',
    cs: 'csharp',
    'c#': 'csharp',
    'f#': 'fsharp',
    fs: 'fsharp',
    hs: 'haskell',
    sh: 'bash',
    shell: 'bash',
    zsh: 'bash',
    'shell-session': 'console',
    shellsession: 'console',
    terminal: 'console',
    ps1: 'powershell',
    pwsh: 'powershell',
    bat: 'batch',
    cmd: 'batch',
    yml: 'yaml',
    md: 'markdown',
    mdx: 'markdown',
    htm: 'html',
    postgresql: 'sql',
    postgres: 'sql',
    pgsql: 'sql',
    mysql: 'sql',
    sqlite: 'sql',
    plsql: 'sql',
    txt: 'text',
    plaintext: 'text',
    plain: 'text',
    none: 'text',
    out: 'output',
    stdout: 'output',
    jsonc: 'json',
    json5: 'json',
    docker: 'dockerfile',
    make: 'makefile',
    patch: 'diff',
    udiff: 'diff',
    ex: 'elixir',
    exs: 'elixir',
    erl: 'erlang',
    pl: 'perl',
    jl: 'julia',
    objc: 'objective-c',
  }),
)

const NAMES = new Set(
  (
    'python javascript typescript jsx tsx go rust java c cpp csharp fsharp ruby php swift kotlin scala haskell lua perl r julia dart elixir erlang clojure ' +
    'lisp scheme ocaml zig nim solidity fortran cobol pascal ada matlab groovy sql html css scss sass less vue svelte xml svg json yaml toml ini csv ' +
    'markdown bash console powershell batch fish text output log diff dockerfile makefile cmake graphql proto protobuf terraform hcl nginx latex tex asm wat vb objective-c'
  ).split(' '),
)

const BY_ENDING: ReadonlyMap<string, string> = new Map(
  Object.entries({
    py: 'python',
    pyi: 'python',
    js: 'javascript',
    mjs: 'javascript',
    cjs: 'javascript',
    jsx: 'jsx',
    ts: 'typescript',
    mts: 'typescript',
    cts: 'typescript',
    tsx: 'tsx',
    go: 'go',
    rs: 'rust',
    java: 'java',
    c: 'c',
    h: 'c',
    cpp: 'cpp',
    cc: 'cpp',
    cxx: 'cpp',
    hpp: 'cpp',
    cs: 'csharp',
    rb: 'ruby',
    php: 'php',
    swift: 'swift',
    kt: 'kotlin',
    kts: 'kotlin',
    scala: 'scala',
    hs: 'haskell',
    lua: 'lua',
    pl: 'perl',
    r: 'r',
    jl: 'julia',
    dart: 'dart',
    ex: 'elixir',
    exs: 'elixir',
    erl: 'erlang',
    sql: 'sql',
    html: 'html',
    htm: 'html',
    css: 'css',
    scss: 'scss',
    vue: 'vue',
    svelte: 'svelte',
    xml: 'xml',
    svg: 'svg',
    json: 'json',
    yaml: 'yaml',
    yml: 'yaml',
    toml: 'toml',
    ini: 'ini',
    cfg: 'ini',
    csv: 'csv',
    md: 'markdown',
    sh: 'bash',
    bash: 'bash',
    zsh: 'bash',
    ps1: 'powershell',
    bat: 'batch',
    txt: 'text',
    zig: 'zig',
    proto: 'proto',
    graphql: 'graphql',
    tf: 'terraform',
    tex: 'latex',
    ml: 'ocaml',
    clj: 'clojure',
    groovy: 'groovy',
    gradle: 'groovy',
    lock: 'text',
    log: 'log',
  }),
)

/** Returns a tag in its one spelling (`py` is `python`), lower case; an unknown tag stays as it is. */
export function canonicalLanguage(tag: string): string {
  const lower = tag.toLowerCase()
  return ALIASES.get(lower) ?? lower
}

/** Whether a fence tag names a language that we know by one of its names. */
export function isLanguageTag(tag: string): boolean {
  const lower = tag.toLowerCase()
  return NAMES.has(lower) || ALIASES.get(lower) !== undefined
}

/** Returns the language of a file by its name, or null when the ending says nothing. */
export function languageOfPath(path: string): string | null {
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase()
  if (base === 'dockerfile' || base === 'makefile') return base
  const dot = base.lastIndexOf('.')
  return dot === -1 ? null : (BY_ENDING.get(base.slice(dot + 1)) ?? null)
}

export type LanguageKind = 'code' | 'shell' | 'data' | 'output' | 'diff'

const KINDS: ReadonlyMap<string, LanguageKind> = new Map(
  Object.entries<LanguageKind>({
    bash: 'shell',
    console: 'shell',
    powershell: 'shell',
    batch: 'shell',
    fish: 'shell',
    json: 'data',
    yaml: 'data',
    toml: 'data',
    ini: 'data',
    csv: 'data',
    xml: 'data',
    markdown: 'data',
    dockerfile: 'data',
    makefile: 'data',
    text: 'output',
    output: 'output',
    log: 'output',
    diff: 'diff',
  }),
)

/** Returns what blocks of a language are for: code, commands for a shell, data, program output, or a diff. */
export function kindOfLanguage(language: string): LanguageKind {
  return KINDS.get(language) ?? 'code'
}

/** Whether names in two files of these languages share one space, so that a `tsx` answer serves a `typescript` request. */
export function isSameFamily(one: string, other: string): boolean {
  const family = (name: string): string => (name === 'tsx' ? 'typescript' : name === 'jsx' ? 'javascript' : name)
  return family(one) === family(other)
}

const CLUES: readonly (readonly [string, RegExp])[] = [
  [
    'python',
    /^\s*(?:(?:async )?def \w+\s*\(|class \w+[^{]*:\s*$|from [\w.]+ import |import [\w.]+(?: as \w+)?\s*$|elif .*:|(?:if|for|while|with) .*:\s*(?:#.*)?$|print\(|@\w+[\w.]*(?:\(.*\))?$)/,
  ],
  [
    'typescript',
    /^\s*(?:export )?(?:interface \w+|type \w+(?:<.*>)? =|enum \w+|(?:const|let|function|async function)\b.*\)?:\s*(?:string|number|boolean|void|unknown|any|Promise|Record|Array|readonly)\b)/,
  ],
  [
    'javascript',
    /^\s*(?:(?:export )?(?:default )?(?:async )?function\b|(?:export )?(?:const|let|var) [\w{[$]|module\.exports|console\.log\(|import .* from ['"]|.*=>\s*[{(]?\s*$)/,
  ],
  ['go', /^(?:package \w+$|func (?:\(\w+ \*?\w+\) )?\w+\(|import \($|\s*\w+(?:, \w+)* := )/],
  ['rust', /^\s*(?:pub )?(?:fn \w+.*(?:->|\{)|impl\b.*\{|use \w+::|let mut |struct \w+ \{|#\[derive)/],
  ['cpp', /^\s*(?:#include <(?:iostream|vector|string|map|algorithm|memory)>|using namespace |std::|template\s*<)/],
  ['c', /^\s*(?:#include [<"]|(?:int|void|char|double|float|static|size_t) \*?\w+\(.*\)\s*\{)/],
  [
    'java',
    /^\s*(?:public |private |protected )(?:static |final )*(?:class|void|int|String|interface|boolean|double|long)\b|^import java/,
  ],
  [
    'sql',
    /^\s*(?:SELECT\b.*|CREATE (?:TABLE|INDEX|VIEW|OR REPLACE)\b|INSERT INTO|UPDATE \w+ SET|DELETE FROM|ALTER TABLE|WITH \w+ AS \()/i,
  ],
  ['html', /^\s*(?:<!doctype html|<html|<head|<body|<div|<script|<p>|<ul>|<form)/i],
  ['css', /^\s*(?:[.#]?[\w-]+\s*\{$|[\w-]+:\s*[^;]+;$)/],
  ['ruby', /^\s*(?:def \w+[?!]?(?:\(.*\))?$|end$|require ['"]|puts )/],
  ['bash', /^(?:#!.*sh\b|\$ \w+|(?:sudo |pip3? install |npm (?:i|install|run) |cd |mkdir |curl |git (?:clone|add) ))/],
]

const CLUE_LINES = 80
const CLUE_CHARS = 200

/** Returns the language that most lines of `code` point to, or null. Reads at most the first 80 lines, so its cost is bounded. */
export function inferLanguage(code: string): string | null {
  const lines = code.slice(0, CLUE_LINES * CLUE_CHARS).split('\n', CLUE_LINES)
  const scores = new Map<string, number>()
  for (const line of lines) {
    if (line === '') continue
    const text = line.slice(0, CLUE_CHARS)
    for (const [language, clue] of CLUES) if (clue.test(text)) scores.set(language, (scores.get(language) ?? 0) + 1)
  }
  // A typed script is also a script: one typed line settles it.
  const typed = scores.get('typescript')
  if (typed !== undefined) scores.set('typescript', typed + (scores.get('javascript') ?? 0))
  const plus = scores.get('cpp')
  if (plus !== undefined) scores.set('cpp', plus + (scores.get('c') ?? 0))
  let best: string | null = null
  for (const [language, score] of scores) if (score > (best === null ? 0 : (scores.get(best) ?? 0))) best = language
  if (best === null && /^\s*[{[]/.test(code) && /[}\]]\s*$/.test(code.slice(-50)) && /"\w+"\s*:/.test(code.slice(0, 400)))
    return 'json'
  return best
}
