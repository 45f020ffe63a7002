import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { describeSyntaxParser } from './syntax-parser.contract.ts'

describeSyntaxParser('web-tree-sitter', () => createTreeSitterParser())
