import { lazyRouteComponent } from '@tanstack/react-router'
import { routerOf } from '@xylolabs/web-shared/router.tsx'

export const router = routerOf(
  'Recordings',
  [
    {
      places: [
        { to: '/', label: 'Recordings', permission: 'upload:read' },
        { to: '/devices', label: 'Devices', permission: 'device:read' },
        { to: '/stats', label: 'Statistics', permission: 'stats:read' },
      ],
    },
  ],
  {
    '/': lazyRouteComponent(() => import('./pages/Recordings.tsx'), 'Recordings'),
    '/recordings/$id': lazyRouteComponent(() => import('./pages/Recording.tsx'), 'Recording'),
    '/devices': lazyRouteComponent(() => import('./pages/Devices.tsx'), 'Devices'),
    '/devices/$id': lazyRouteComponent(() => import('./pages/Device.tsx'), 'Device'),
    '/stats': lazyRouteComponent(() => import('./pages/Statistics.tsx'), 'Statistics'),
  },
)
