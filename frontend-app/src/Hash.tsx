import { Button, Code, CopyButton, Group } from '@mantine/core'

/** A digest, all of it, for whoever compares; and a button to take it along. */
export function Hash({ of, sha256 }: { of: string; sha256: string }) {
  return (
    <Group gap={6} wrap="wrap" mt={2}>
      <Code style={{ overflowWrap: 'anywhere' }}>
        <span aria-hidden>SHA-256 </span>
        {sha256}
      </Code>
      <CopyButton value={sha256}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="default"
            onClick={copy}
            aria-label={`${copied ? 'Copied' : 'Copy'} the SHA-256 of ${of}`}
          >
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </Group>
  )
}
