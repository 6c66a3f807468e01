import { Modal } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api, answer, type Schemas } from '@xylolabs/web-shared/api/client.ts'
import { DataTable } from '@xylolabs/web-shared/DataTable.tsx'
import { useFacilityName } from '@xylolabs/web-shared/facilities.ts'
import { Filters } from '@xylolabs/web-shared/Filters.tsx'
import { FormDialog } from '@xylolabs/web-shared/FormDialog.tsx'
import { History } from '@xylolabs/web-shared/History.tsx'
import { Page } from '@xylolabs/web-shared/Page.tsx'
import { RowMenu } from '@xylolabs/web-shared/RowMenu.tsx'
import { Time } from '@xylolabs/web-shared/times.tsx'
import { useGet } from '@xylolabs/web-shared/useGet.ts'
import { useList } from '@xylolabs/web-shared/useList.ts'
import { useMay } from '@xylolabs/web-shared/useSession.ts'
import { spaced } from '@xylolabs/web-shared/words.ts'
import { useState } from 'react'

type Channel = Schemas['KnownFirmwareChannel']

const nameOf = ({ device_model }: Channel, facility: string) => `${device_model}, ${facility}`

/** Goes back to the release before, or to another that was published. */
function RollBack({ channel, title, onClose }: { channel: Channel; title: string; onClose: () => void }) {
  const { device_model, facility_id } = channel
  const releases = useGet('/api/v1/firmware', {
    query: {
      device_model,
      status: 'published',
      per_page: 100,
      ...(facility_id === null ? { scope: 'global' } : { facility_id }),
    },
  })
  const others = (releases.data?.items ?? []).filter(({ id }) => id !== channel.active_release_id)
  return (
    <FormDialog
      title={title}
      label="Roll back"
      intro={`Devices that run ${channel.active_version ?? 'what is active'} are told to install the earlier one.`}
      fields={[
        {
          name: 'to_release_id',
          label: 'To',
          kind: 'choice',
          description: 'None: the one before',
          data: others.map(({ id, version }) => ({ value: id, label: version })),
        },
        { name: 'reason', label: 'Why', required: true },
      ]}
      onSubmit={(values) =>
        answer(
          api.POST('/api/v1/firmware/rollback', {
            body: { device_model, ...(facility_id && { facility_id }), ...values } as never,
          }),
        )
      }
      done="Rolled back"
      onClose={onClose}
    />
  )
}

export function Channels() {
  const list = useList(['device_model', 'facility_id'])
  const found = useGet('/api/v1/firmware/channels', { query: list.query }, { changes: true })
  const models = useGet('/api/v1/firmware/distribution')
  const facilityName = useFacilityName()
  const may = useMay()
  const [shown, setShown] = useState<Channel>()
  const [going, setGoing] = useState<Channel>()
  const known = [...new Set(models.data?.items.map(({ device_model }) => device_model))].sort()
  return (
    <Page
      title="Channels"
      about="What devices of a model are told to run: in a facility, or where a facility has nothing of its own"
    >
      <Filters
        list={list}
        facility
        choices={
          known.length > 1
            ? [{ name: 'device_model', label: 'Model', of: known.map((value) => ({ value, label: value })) }]
            : []
        }
      />
      <DataTable<Channel>
        label="Channels"
        found={found}
        list={list}
        empty="Nothing has been active yet. Publish a release, and roll it out."
        columns={[
          { title: 'Model', sort: 'device_model', show: ({ device_model }) => <b>{device_model}</b> },
          { title: 'For', show: ({ facility_id }) => facilityName(facility_id) },
          {
            title: 'Active',
            show: ({ active_release_id, active_version }) =>
              active_release_id ? (
                <Link className="row-link" to="/releases/$id" params={{ id: active_release_id } as never}>
                  {active_version}
                </Link>
              ) : (
                'Nothing'
              ),
          },
          { title: 'Through', show: ({ active_by }) => (active_by ? spaced(active_by) : '—') },
          { title: 'Since', show: ({ active_since }) => <Time at={active_since} /> },
          {
            title: 'Open rollout',
            show: ({ rollout_id }) =>
              rollout_id ? (
                <Link className="row-link" to="/rollouts/$id" params={{ id: rollout_id } as never}>
                  Show
                </Link>
              ) : (
                '—'
              ),
          },
          {
            title: 'Actions',
            quiet: true,
            align: 'right',
            show: (channel) => (
              <RowMenu
                of={nameOf(channel, facilityName(channel.facility_id))}
                actions={[
                  { label: 'Who activated what, when', act: () => setShown(channel) },
                  channel.active_release_id !== null &&
                    may('firmware:activate') && { label: 'Roll back…', danger: true, act: () => setGoing(channel) },
                ]}
              />
            ),
          },
        ]}
      />
      {shown && (
        <Modal
          opened
          size="lg"
          title={nameOf(shown, facilityName(shown.facility_id))}
          onClose={() => setShown(undefined)}
        >
          <History path="/api/v1/firmware/channels" id={shown.id} />
        </Modal>
      )}
      {going && (
        <RollBack
          channel={going}
          title={`Roll back ${nameOf(going, facilityName(going.facility_id))}`}
          onClose={() => setGoing(undefined)}
        />
      )}
    </Page>
  )
}
