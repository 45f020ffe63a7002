/**
 * The grammar file of each language, all from one package without install scripts. It has no grammar of C: C is read
 * by that of C++, which was written as its extension and differs only where C uses a C++ keyword as a name.
 */
export const GRAMMAR_FILES: Readonly<Record<string, string>> = {
  c: 'tree-sitter-cpp.wasm',
  c_sharp: 'tree-sitter-c-sharp.wasm',
  cpp: 'tree-sitter-cpp.wasm',
  go: 'tree-sitter-go.wasm',
  java: 'tree-sitter-java.wasm',
  javascript: 'tree-sitter-javascript.wasm',
  php: 'tree-sitter-php.wasm',
  python: 'tree-sitter-python.wasm',
  ruby: 'tree-sitter-ruby.wasm',
  rust: 'tree-sitter-rust.wasm',
  tsx: 'tree-sitter-tsx.wasm',
  typescript: 'tree-sitter-typescript.wasm',
}

/** The package the grammar files are taken from. */
export const GRAMMAR_PACKAGE = '@vscode/tree-sitter-wasm'
