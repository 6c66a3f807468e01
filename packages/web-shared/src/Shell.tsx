import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Button,
  Center,
  Group,
  Loader,
  Menu,
  NavLink,
  Stack,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Permission } from '../../../domain/access.ts'
import { session } from './api/client.ts'
import { FirstPasswordPage, LoginPage } from './LoginPage.tsx'
import { useLiveState } from './useGet.ts'
import { useLive } from './useLive.ts'
import { useMay, useMe, useSession } from './useSession.ts'
import { roles } from './words.ts'

export interface Place {
  to: string
  label: string
  /** Shown to those alone who may. */
  permission?: Permission
}

export interface Section {
  label?: string
  places: readonly Place[]
}

const liveWords = { live: 'Live', connecting: 'Connecting…' } as const

function Header({ name, opened, toggle }: { name: string; opened: boolean; toggle: () => void }) {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'dark' ? 'light' : 'dark'
  const me = useMe()
  const live = useLiveState()
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="sm" wrap="nowrap">
        <Burger
          opened={opened}
          onClick={toggle}
          hiddenFrom="sm"
          size="sm"
          aria-label="Navigation"
          aria-expanded={opened}
        />
        <img src="./icon.svg" alt="" width={28} height={28} />
        <Text fw={700} style={{ whiteSpace: 'nowrap' }} visibleFrom="xs">
          Xylolabs
          <Text span c="dimmed" fw={400} visibleFrom="xs" inherit>
            {' '}
            {name}
          </Text>
        </Text>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Badge
          variant="dot"
          color={live === 'live' ? 'teal' : 'gray'}
          tt="none"
          visibleFrom="xs"
          role="status"
          title="How changes come to this page"
        >
          {liveWords[live]}
        </Badge>
        <ActionIcon
          variant="default"
          aria-label={`Switch to the ${other} colours`}
          onClick={() => setColorScheme(other)}
        >
          <span aria-hidden>{scheme === 'dark' ? '☀' : '☾'}</span>
        </ActionIcon>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="compact-md" px="sm" fw={500} maw={{ base: 110, xs: 260 }}>
              <Text span inherit truncate>
                {me.name}
              </Text>
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>
              {me.email} · {roles[me.role]}
            </Menu.Label>
            <Menu.Item component={Link} to="/account">
              Account and sessions
            </Menu.Item>
            <Menu.Item onClick={() => void session.logout()}>Log out</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  )
}

function Inside({ name, sections }: { name: string; sections: readonly Section[] }) {
  const [opened, { toggle, close }] = useDisclosure()
  const { pathname } = useLocation()
  const may = useMay()
  useLive()
  useEffect(close, [pathname, close])
  const isHere = (to: string) => pathname === to || (to !== '/' && pathname.startsWith(`${to}/`))
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <AppShell.Header>
        <Header name={name} opened={opened} toggle={toggle} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" style={{ overflowY: 'auto' }} aria-label="Main">
        {sections.map(({ label, places }) => {
          const allowed = places.filter(({ permission }) => !permission || may(permission))
          return (
            allowed.length > 0 && (
              <div key={label ?? 'main'}>
                {label && (
                  <Text size="xs" c="dimmed" fw={600} px="sm" pt="md" pb={4}>
                    {label}
                  </Text>
                )}
                {allowed.map(({ to, label }) => (
                  <NavLink
                    key={to}
                    component={Link}
                    to={to}
                    label={label}
                    active={isHere(to)}
                    variant="filled"
                    aria-current={isHere(to) ? 'page' : undefined}
                    style={{ borderRadius: 'var(--mantine-radius-md)' }}
                  />
                ))}
              </div>
            )
          )
        })}
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}

/** The whole page: who is not logged in logs in here, where they were going, and whoever has to change the password does so first. */
export function Shell({ name, sections }: { name: string; sections: readonly Section[] }) {
  const state = useSession()
  switch (state.status) {
    case 'restoring':
      return (
        <Center mih="100dvh" component="main" aria-label="Loading">
          <Loader />
        </Center>
      )
    case 'unreachable':
      return (
        <Center mih="100dvh" component="main">
          <Stack align="center">
            <Text>The server cannot be reached.</Text>
            <Button onClick={() => void session.restore()}>Try again</Button>
          </Stack>
        </Center>
      )
    case 'anonymous':
      return <LoginPage title={name} ended={state.ended} />
    case 'open':
      return state.mustChangePassword ? <FirstPasswordPage /> : <Inside name={name} sections={sections} />
  }
}
