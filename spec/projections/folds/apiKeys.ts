import { apiKeys } from '../../../projections/apiKeys.ts'
import { at, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const apiKey = `apiKey-${id(4)}`
const keyData = { name: 'gate 3', facility_id: id(1), scopes: ['upload'], secret_sha256: 'aa', issued_at: at }
const keyRow = {
  id: id(4),
  name: 'gate 3',
  facility_id: id(1),
  device_id: null,
  scopes: ['upload'],
  status: 'active',
  expires_at: null,
  created_at: at,
}
promise(apiKeys, 'shows a key without its secret', [[apiKey, 'ApiKeyIssued', keyData]], keyRow)
promise(
  apiKeys,
  'shows a key of a device, its name by now, and that it was revoked',
  [
    [apiKey, 'ApiKeyIssued', { ...keyData, device_id: id(5), expires_at: later }],
    [apiKey, 'ApiKeyRenamed', { name: 'gate 4', renamed_at: later }],
    [apiKey, 'ApiKeyRotated', { secret_sha256: 'bb', previous_valid_until: later, rotated_at: later }],
    [apiKey, 'ApiKeyRevoked', { revoked_at: later }],
  ],
  { ...keyRow, name: 'gate 4', device_id: id(5), expires_at: later, status: 'revoked' },
)
