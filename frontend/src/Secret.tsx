import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'

/** Something that is known now and never again. */
export function Secret({
  title,
  about,
  value,
  onClose,
}: {
  title: string
  about: string
  value: string
  onClose: () => void
}) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      centered
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Alert color="orange" variant="light">
          <Text size="sm">{about}</Text>
        </Alert>
        <Code block aria-label="The secret" tabIndex={0} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {value}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose} data-autofocus>
            I have kept it
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
