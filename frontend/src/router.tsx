import { lazyRouteComponent } from '@tanstack/react-router'
import { routerOf } from '@xylolabs/web-shared/router.tsx'

export const router = routerOf(
  'Administration',
  [
    { places: [{ to: '/', label: 'Overview' }] },
    {
      label: 'Places and people',
      places: [
        { to: '/facilities', label: 'Facilities', permission: 'facility:read' },
        { to: '/users', label: 'Users', permission: 'user:list' },
        { to: '/keys', label: 'API keys', permission: 'api-key:read' },
        { to: '/devices', label: 'Devices', permission: 'device:read' },
      ],
    },
    {
      label: 'Firmware',
      places: [
        { to: '/releases', label: 'Releases', permission: 'firmware:read' },
        { to: '/channels', label: 'Channels', permission: 'firmware:read' },
        { to: '/rollouts', label: 'Rollouts', permission: 'rollout:read' },
        { to: '/versions', label: 'Versions in use', permission: 'firmware:read' },
        { to: '/signing-keys', label: 'Signing keys', permission: 'firmware-key:read' },
      ],
    },
    {
      label: 'Operation',
      places: [
        { to: '/jobs', label: 'Queues', permission: 'transcode-job:read' },
        { to: '/gpu-servers', label: 'GPU servers', permission: 'gpu-server:read' },
        { to: '/audit', label: 'Audit trail', permission: 'audit:read' },
        { to: '/refusals', label: 'Refusals', permission: 'audit:read' },
        { to: '/events', label: 'Events', permission: 'event:read' },
        { to: '/projections', label: 'Projections', permission: 'projection:read' },
        { to: '/settings', label: 'Settings', permission: 'setting:read' },
      ],
    },
  ],
  {
    '/': lazyRouteComponent(() => import('./pages/Overview.tsx'), 'Overview'),
    '/facilities': lazyRouteComponent(() => import('./pages/Facilities.tsx'), 'Facilities'),
    '/facilities/$id': lazyRouteComponent(() => import('./pages/Facility.tsx'), 'Facility'),
    '/users': lazyRouteComponent(() => import('./pages/Users.tsx'), 'Users'),
    '/users/$id': lazyRouteComponent(() => import('./pages/User.tsx'), 'User'),
    '/keys': lazyRouteComponent(() => import('./pages/Keys.tsx'), 'Keys'),
    '/devices': lazyRouteComponent(() => import('./pages/Devices.tsx'), 'Devices'),
    '/devices/$id': lazyRouteComponent(() => import('./pages/Device.tsx'), 'Device'),
    '/releases': lazyRouteComponent(() => import('./pages/Releases.tsx'), 'Releases'),
    '/releases/$id': lazyRouteComponent(() => import('./pages/Release.tsx'), 'Release'),
    '/channels': lazyRouteComponent(() => import('./pages/Channels.tsx'), 'Channels'),
    '/rollouts': lazyRouteComponent(() => import('./pages/Rollouts.tsx'), 'Rollouts'),
    '/rollouts/$id': lazyRouteComponent(() => import('./pages/Rollout.tsx'), 'Rollout'),
    '/versions': lazyRouteComponent(() => import('./pages/Versions.tsx'), 'Versions'),
    '/signing-keys': lazyRouteComponent(() => import('./pages/SigningKeys.tsx'), 'SigningKeys'),
    '/jobs': lazyRouteComponent(() => import('./pages/Jobs.tsx'), 'Jobs'),
    '/gpu-servers': lazyRouteComponent(() => import('./pages/GpuServers.tsx'), 'GpuServers'),
    '/gpu-servers/$id': lazyRouteComponent(() => import('./pages/GpuServer.tsx'), 'GpuServer'),
    '/audit': lazyRouteComponent(() => import('./pages/Audit.tsx'), 'Audit'),
    '/refusals': lazyRouteComponent(() => import('./pages/Refusals.tsx'), 'Refusals'),
    '/events': lazyRouteComponent(() => import('./pages/Events.tsx'), 'Events'),
    '/events/$position': lazyRouteComponent(() => import('./pages/Event.tsx'), 'Event'),
    '/projections': lazyRouteComponent(() => import('./pages/Projections.tsx'), 'Projections'),
    '/settings': lazyRouteComponent(() => import('./pages/Settings.tsx'), 'Settings'),
  },
)
