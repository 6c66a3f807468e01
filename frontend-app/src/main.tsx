import { RouterProvider } from '@tanstack/react-router'
import { show } from '@xylolabs/web-shared/Root.tsx'
import { router } from './router.tsx'

show(<RouterProvider router={router} />)
