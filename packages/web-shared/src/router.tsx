import { Button, Stack, Text } from '@mantine/core'
import { createRootRoute, createRoute, createRouter, Link, type RouteComponent } from '@tanstack/react-router'
import { AccountPage } from './AccountPage.tsx'
import { Failure } from './DataTable.tsx'
import { Page } from './Page.tsx'
import { Shell, type Section } from './Shell.tsx'

const anything = (search: Record<string, unknown>) => search

function Lost() {
  return (
    <Page title="There is nothing here">
      <Stack align="flex-start">
        <Text>The address may be of something that is gone, or mistyped.</Text>
        <Button component={Link} to="/">
          To the start
        </Button>
      </Stack>
    </Page>
  )
}

/** A dashboard's router: these pages in the shell, beside the account that all have. Where it is served, the page's base says. */
export function routerOf(name: string, sections: readonly Section[], pages: Readonly<Record<string, RouteComponent>>) {
  const root = createRootRoute({
    validateSearch: anything,
    component: () => <Shell name={name} sections={sections} />,
    notFoundComponent: Lost,
    errorComponent: ({ error, reset }) => <Failure error={error} again={reset} />,
  })
  const all = { ...pages, '/account': AccountPage as RouteComponent }
  return createRouter({
    routeTree: root.addChildren(
      Object.entries(all).map(([path, component]) => createRoute({ getParentRoute: () => root, path, component })),
    ),
    basepath: new URL(document.baseURI).pathname,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })
}
