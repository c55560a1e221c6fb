// Judges AsyncAPI documents by the schema that the makers of AsyncAPI publish: prints what is wrong, as JSON.

import { readFileSync } from 'node:fs'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import specs from '@asyncapi/specs'

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const ajv = new Ajv({ strict: false, allErrors: true })
addFormats(ajv)
const isValid = ajv.compile(specs.schemasWithoutId['3.0.0'])
isValid(document)
console.log(JSON.stringify((isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)))
