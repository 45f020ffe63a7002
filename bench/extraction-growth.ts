/** Replies made to be slow to read, and how the time grows when they do. */
import { extractCode } from '../src/prompts/extract-code.ts'

const EXISTING = { 'm.py': 'x = 1\n'.repeat(200) }

/** Each makes a reply of about `n` characters from one hostile idea. */
const HOSTILE: Readonly<Record<string, (n: number) => string>> = {
  'bare fences': (n) => '```\n'.repeat(n / 4),
  'tagged fences': (n) => '```python\n'.repeat(n / 10),
  'deep quotes': (n) => '> '.repeat(n / 2),
  'quoted fences': (n) => '> ```py\n'.repeat(n / 8),
  'one row of backticks': (n) => '`'.repeat(n),
  'docstrings and fences': (n) => `\`\`\`python\n${'"""\n```\n'.repeat(n / 8)}`,
  'think tags on a line': (n) => '<think>'.repeat(n / 7),
  'closing think tags': (n) => '</think>\n'.repeat(n / 9),
  'closing tags in a fence': (n) => `\`\`\`\n${'</think>\n'.repeat(n / 9)}\`\`\`\n`,
  'both think tags': (n) => '<think>\n</think> '.repeat(n / 17),
  'end tokens': (n) => `\`\`\`\n${'x<|im_end|>\n'.repeat(n / 12)}`,
  'start tokens': (n) => '<|im_start|> '.repeat(n / 13),
  'search marks': (n) => '<<<<<<< SEARCH\n'.repeat(n / 15),
  'search and dividers': (n) => '<<<<<<< SEARCH\n=======\n'.repeat(n / 23),
  'edits without a place': (n) => `m.py\n${'<<<<<<< SEARCH\nx = 1\nx = 2\n=======\ny\n>>>>>>> REPLACE\n'.repeat(n / 52)}`,
  'one long search': (n) => `m.py\n<<<<<<< SEARCH\n${'x = 1\n'.repeat(n / 6)}=======\ny\n>>>>>>> REPLACE\n`,
  'diff headers': (n) => '--- a/m.py\n+++ b/m.py\n@@\n-x = 2\n+x\n'.repeat(n / 36),
  'patch sections': (n) => `*** Begin Patch\n${'*** Update File: m.py\n@@ x\n-q\n+r\n'.repeat(n / 35)}`,
  'open brackets': (n) => '['.repeat(n),
  'nested JSON': (n) => `${'{"files":['.repeat(n / 12)}${']}'.repeat(n / 12)}`,
  'JSON with line breaks': (n) => `{"code": "${'a\n'.repeat(n / 2)}"}`,
  'blank lines': (n) => '\n'.repeat(n),
  spaces: (n) => ' '.repeat(n),
  'tabs then x': (n) => `${'\t'.repeat(n)}x`,
  'carriage returns': (n) => '\r'.repeat(n),
  'indented lines': (n) => '    x = 1\n'.repeat(n / 10),
  'indented words': (n) => '\n    word\nx = 1\n'.repeat(n / 16),
  'one long word': (n) => 'a'.repeat(n),
  'one long path': (n) => `${'a/'.repeat(n / 2)}b.py\n\`\`\`\nx\n\`\`\``,
  sentences: (n) => 'This is a sentence about code. '.repeat(n / 31),
  'lines of sentences': (n) => 'This is a sentence about code.\n'.repeat(n / 31),
  'blocks of one name': (n) => '```py\ndef f(): pass\n```\n'.repeat(n / 24),
  'growing blocks': (n) => Array.from({ length: n / 40 }, (_, at) => `\`\`\`py\ndef f${at}(): f${at - 1}()\n\`\`\`\n`).join(''),
  'shared names': (n) =>
    Array.from({ length: n / 40 }, (_, at) => `\`\`\`js\nconst a = ${at}\nconst b${at} = a\n\`\`\`\n`).join(''),
  'named files': (n) => Array.from({ length: n / 30 }, (_, at) => `f${at}.py\n\`\`\`py\nx = 1\n\`\`\`\n`).join(''),
  hashes: (n) => '#'.repeat(n),
  unicode: (n) => '\u{1f600}\ud800'.repeat(n / 3),
}

const SMALL = 50_000
const FACTOR = 8

/** Returns the hostile idea whose time grew most when the reply grew eightfold: 8 is linear, 64 quadratic. */
export function worstGrowth(): {
  readonly name: string
  readonly growth: number
  readonly slowest: string
  readonly slowestMs: number
} {
  let worst = { name: 'none', growth: 0 }
  let slowest = { slowest: 'none', slowestMs: 0 }
  for (const [name, make] of Object.entries(HOSTILE)) {
    let growth = Number.POSITIVE_INFINITY
    let large = Number.POSITIVE_INFINITY
    // A busy machine can only make a growth look worse: doubtful ones are measured again.
    for (let attempt = 0; attempt < 4 && growth > FACTOR * 1.5; attempt++) {
      large = fastest(make(SMALL * FACTOR))
      growth = Math.min(growth, large / Math.max(1.5, fastest(make(SMALL))))
    }
    if (growth > worst.growth) worst = { name, growth }
    if (large > slowest.slowestMs) slowest = { slowest: name, slowestMs: large }
  }
  return { ...worst, ...slowest }
}

/** CPU time of this process in ms: what other work on the machine takes is not counted. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The best of some readings in milliseconds: other work on the machine only adds. */
function fastest(reply: string): number {
  let best = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < 4; pass++) {
    const start = cpuMs()
    extractCode(reply, { existing: EXISTING, language: 'python' })
    best = Math.min(best, cpuMs() - start)
  }
  return best
}
