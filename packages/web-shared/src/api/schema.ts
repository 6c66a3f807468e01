// Made by `npm run web:api` of /api/openapi.json: change the routes instead.
export interface paths {
    "/api/auth/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * auth: change password
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        post: operations["auth.changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/end-others": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * auth: end others
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        post: operations["auth.endOthers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * auth: login
         * @description For everyone.
         */
        post: operations["auth.login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * auth: logout
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        post: operations["auth.logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * auth: me
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        get: operations["auth.me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * auth: refresh
         * @description For everyone.
         */
        post: operations["auth.refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * auth, sessions: list
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        get: operations["auth.sessions.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * auth, sessions: delete
         * @description For super_admin (self), facility_admin (self), user (self).
         */
        delete: operations["auth.sessions.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * openapi: json
         * @description For everyone.
         */
        get: operations["openapi.json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * api keys: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["apiKeys.list"];
        put?: never;
        /**
         * api keys: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["apiKeys.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * api keys: get
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["apiKeys.get"];
        put?: never;
        post?: never;
        /**
         * api keys: delete
         * @description For super_admin (any), facility_admin (own).
         */
        delete: operations["apiKeys.delete"];
        options?: never;
        head?: never;
        /**
         * api keys: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["apiKeys.change"];
        trace?: never;
    };
    "/api/v1/api-keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * api keys: rotate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["apiKeys.rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * audit: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * audit: csv
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["audit.csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit.ndjson": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * audit: ndjson
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["audit.ndjson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * audit: refusals
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["audit.refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * devices: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["devices.list"];
        put?: never;
        /**
         * devices: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["devices.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * devices: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["devices.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * devices: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["devices.change"];
        trace?: never;
    };
    "/api/v1/devices/{id}/decommission": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * devices: decommission
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["devices.decommission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * devices: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["devices.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * devices: heartbeat
         * @description For API keys with the scope heartbeat.
         */
        post: operations["devices.heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * events: list
         * @description For super_admin (any).
         */
        get: operations["events.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * events: get
         * @description For super_admin (any).
         */
        get: operations["events.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/streams/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * events, streams: get
         * @description For super_admin (any).
         */
        get: operations["events.streams.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * facilities: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["facilities.list"];
        put?: never;
        /**
         * facilities: create
         * @description For super_admin (any).
         */
        post: operations["facilities.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * facilities: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["facilities.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * facilities: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["facilities.change"];
        trace?: never;
    };
    "/api/v1/facilities/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * facilities: deactivate
         * @description For super_admin (any).
         */
        post: operations["facilities.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * facilities: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["facilities.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities/{id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * facilities: reactivate
         * @description For super_admin (any).
         */
        post: operations["facilities.reactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities/{id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * facilities, settings: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["facilities.settings.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facilities/{id}/settings/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * facilities, settings: get
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["facilities.settings.get"];
        /**
         * facilities, settings: set
         * @description For super_admin (any), facility_admin (own).
         */
        put: operations["facilities.settings.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.list"];
        put?: never;
        /**
         * firmware: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * firmware: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["firmware.change"];
        trace?: never;
    };
    "/api/v1/firmware/{id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: activate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: deactivate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}/image": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: image
         * @description For API keys with the scope firmware.
         */
        get: operations["firmware.image"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: publish
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: withdraw
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.withdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, channels: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.channels.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/channels/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, channels: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.channels.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: check
         * @description For API keys with the scope firmware.
         */
        get: operations["firmware.check"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: devices
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/distribution": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware: distribution
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.distribution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, keys: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["firmware.keys.list"];
        put?: never;
        /**
         * firmware, keys: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.keys.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/keys/{id}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, keys: retire
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.keys.retire"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: report
         * @description For API keys with the scope firmware.
         */
        post: operations["firmware.report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware: rollback
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, rollouts: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.rollouts.list"];
        put?: never;
        /**
         * firmware, rollouts: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, rollouts: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.rollouts.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/advance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: advance
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.advance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, rollouts: devices
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.rollouts.devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: halt
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.halt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * firmware, rollouts: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["firmware.rollouts.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: pause
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: resume
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/{id}/retry-failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: retry failed
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.retryFailed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/firmware/rollouts/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * firmware, rollouts: simulate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["firmware.rollouts.simulate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gpu-servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * gpu servers: list
         * @description For super_admin (any).
         */
        get: operations["gpuServers.list"];
        put?: never;
        /**
         * gpu servers: create
         * @description For super_admin (any).
         */
        post: operations["gpuServers.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gpu-servers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * gpu servers: get
         * @description For super_admin (any).
         */
        get: operations["gpuServers.get"];
        put?: never;
        post?: never;
        /**
         * gpu servers: delete
         * @description For super_admin (any).
         */
        delete: operations["gpuServers.delete"];
        options?: never;
        head?: never;
        /**
         * gpu servers: change
         * @description For super_admin (any).
         */
        patch: operations["gpuServers.change"];
        trace?: never;
    };
    "/api/v1/gpu-servers/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * gpu servers: check
         * @description For super_admin (any).
         */
        post: operations["gpuServers.check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gpu-servers/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * gpu servers: disable
         * @description For super_admin (any).
         */
        post: operations["gpuServers.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gpu-servers/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * gpu servers: enable
         * @description For super_admin (any).
         */
        post: operations["gpuServers.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gpu-servers/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * gpu servers: history
         * @description For super_admin (any).
         */
        get: operations["gpuServers.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * inference jobs: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["inferenceJobs.list"];
        put?: never;
        /**
         * inference jobs: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["inferenceJobs.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * inference jobs: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["inferenceJobs.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * inference jobs: cancel
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["inferenceJobs.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * inference jobs: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["inferenceJobs.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * inference jobs: result
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["inferenceJobs.result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * inference jobs: retry
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["inferenceJobs.retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inference-jobs/retry-failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * inference jobs: retry failed
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["inferenceJobs.retryFailed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * live: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["live.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * projections: list
         * @description For super_admin (any).
         */
        get: operations["projections.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * projections: diff
         * @description For super_admin (any).
         */
        get: operations["projections.diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: drop
         * @description For super_admin (any).
         */
        post: operations["projections.drop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: pause
         * @description For super_admin (any).
         */
        post: operations["projections.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: promote
         * @description For super_admin (any).
         */
        post: operations["projections.promote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: resume
         * @description For super_admin (any).
         */
        post: operations["projections.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: rollback
         * @description For super_admin (any).
         */
        post: operations["projections.rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projections/{name}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * projections: skip
         * @description For super_admin (any).
         */
        post: operations["projections.skip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * stats: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["stats.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * system, settings: list
         * @description For super_admin (any).
         */
        get: operations["system.settings.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/settings/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * system, settings: get
         * @description For super_admin (any).
         */
        get: operations["system.settings.get"];
        /**
         * system, settings: set
         * @description For super_admin (any).
         */
        put: operations["system.settings.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * tags: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["tags.list"];
        put?: never;
        /**
         * tags: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["tags.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tags/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * tags: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["tags.get"];
        put?: never;
        post?: never;
        /**
         * tags: delete
         * @description For super_admin (any), facility_admin (own).
         */
        delete: operations["tags.delete"];
        options?: never;
        head?: never;
        /**
         * tags: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["tags.change"];
        trace?: never;
    };
    "/api/v1/transcode-jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * transcode jobs: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["transcodeJobs.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/transcode-jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * transcode jobs: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["transcodeJobs.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/transcode-jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * transcode jobs: cancel
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["transcodeJobs.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/transcode-jobs/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * transcode jobs: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["transcodeJobs.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/transcode-jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * transcode jobs: retry
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["transcodeJobs.retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/transcode-jobs/retry-failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * transcode jobs: retry failed
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["transcodeJobs.retryFailed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: list
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.list"];
        put?: never;
        /**
         * uploads: create
         * @description For super_admin (any), facility_admin (own), API keys with the scope upload.
         */
        post: operations["uploads.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: get
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.get"];
        put?: never;
        post?: never;
        /**
         * uploads: delete
         * @description For super_admin (any), facility_admin (own).
         */
        delete: operations["uploads.delete"];
        options?: never;
        head?: never;
        /**
         * uploads: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["uploads.change"];
        trace?: never;
    };
    "/api/v1/uploads/{id}/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: download
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.download"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: history
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/inference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: inference
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.inference"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/inference/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * uploads, inference: rerun
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["uploads.inference.rerun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/lineage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: lineage
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.lineage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/peaks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: peaks
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.peaks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/playback-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * uploads: playback url
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        post: operations["uploads.playbackUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * uploads: restore
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["uploads.restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads: stream
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * uploads, tags: set
         * @description For super_admin (any), facility_admin (own).
         */
        put: operations["uploads.tags.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/transcode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * uploads: transcode
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["uploads.transcode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}/waveform.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads, waveform: png
         * @description For super_admin (any), facility_admin (own), user (own).
         */
        get: operations["uploads.waveform.png"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/resumable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * uploads, resumable: create
         * @description For super_admin (any), facility_admin (own), API keys with the scope upload.
         */
        post: operations["uploads.resumable.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/resumable/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * uploads, resumable: get
         * @description For super_admin (any), facility_admin (own), API keys with the scope upload.
         */
        get: operations["uploads.resumable.get"];
        put?: never;
        post?: never;
        /**
         * uploads, resumable: delete
         * @description For super_admin (any), facility_admin (own), API keys with the scope upload.
         */
        delete: operations["uploads.resumable.delete"];
        options?: never;
        head?: never;
        /**
         * uploads, resumable: change
         * @description For super_admin (any), facility_admin (own), API keys with the scope upload.
         */
        patch: operations["uploads.resumable.change"];
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * users: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["users.list"];
        put?: never;
        /**
         * users: create
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * users: get
         * @description For super_admin (any), facility_admin (own), user (self).
         */
        get: operations["users.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * users: change
         * @description For super_admin (any), facility_admin (own).
         */
        patch: operations["users.change"];
        trace?: never;
    };
    "/api/v1/users/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * users: deactivate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/end-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * users: end sessions
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.endSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * users: erase
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.erase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * users: history
         * @description For super_admin (any), facility_admin (own), user (self).
         */
        get: operations["users.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * users: reactivate
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.reactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * users: reset password
         * @description For super_admin (any), facility_admin (own).
         */
        post: operations["users.resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * users, sessions: list
         * @description For super_admin (any), facility_admin (own).
         */
        get: operations["users.sessions.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * users, sessions: delete
         * @description For super_admin (any), facility_admin (own).
         */
        delete: operations["users.sessions.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** health: live */
        get: operations["health.live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** health: ready */
        get: operations["health.ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ApiKey: {
            /** Format: date-time */
            created_at: string;
            device_id: string | null;
            expires_at: string | null;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            name: string;
            scopes: ("upload" | "firmware" | "heartbeat")[];
            /** @enum {string} */
            status: "active" | "revoked";
        };
        AuditEntry: {
            action: string;
            actor: {
                id: string | null;
                kind: string | null;
                name: string | null;
            };
            at: string | null;
            correlation_id: string | null;
            data: unknown;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            position: string;
            resource: string;
            resource_id: string;
            revision: number;
        };
        Device: {
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            model: string;
            name: string;
            serial: string;
            /** @enum {string} */
            status: "active" | "decommissioned";
        };
        DeviceDetails: {
            battery_mv: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            facility_id: string;
            firmware: {
                last_report: components["schemas"]["FirmwareReport"] | null;
                observed_at: string | null;
                version: string | null;
            } | null;
            firmware_version: string | null;
            /** @description Bytes */
            free_memory: number | null;
            /** Format: uuid */
            id: string;
            last_seen_at: string | null;
            model: string;
            name: string;
            /** @description Heard of within the last 5 minutes */
            online: boolean;
            /** @description dBm */
            rssi: number | null;
            serial: string;
            /** @enum {string} */
            status: "active" | "decommissioned";
            uptime_secs: number | null;
        };
        Facility: {
            address: string | null;
            code: string;
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            status: "active" | "inactive";
            timezone: string | null;
        };
        FirmwareChannel: {
            active_by: ("activation" | "rollback" | "rollout") | null;
            active_release_id: string | null;
            active_version: string | null;
            device_model: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            /** @description The open rollout */
            rollout_id: string | null;
            /** @description Nothing with a lower security version becomes active */
            security_floor: number;
        };
        FirmwareDevice: {
            behind: boolean;
            device_model: string;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            last_report: components["schemas"]["FirmwareReport"] | null;
            name: string;
            observed_at: string | null;
            serial: string;
            target: {
                /** Format: uuid */
                release_id: string;
                version: string;
            } | null;
            /** @description It runs what it was not offered */
            unexpected: boolean;
            version: string | null;
        };
        FirmwareDistribution: {
            items: {
                device_model: string;
                devices: number;
                /** Format: uuid */
                facility_id: string;
                version: string | null;
            }[];
        };
        FirmwareKey: {
            /** Format: date-time */
            created_at: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            name: string | null;
            /** @description Ed25519, SPKI in PEM */
            public_key: string;
            /** @enum {string} */
            status: "active" | "retired";
        };
        FirmwareManifest: {
            /** @description Where the image is, relative to this API */
            image_url: string;
            key_id: string | null;
            /** Format: uuid */
            release_id: string;
            sha256: string;
            /** @description Ed25519 over the canonical manifest, in Base64 */
            signature: string | null;
            size_bytes: number;
            version: string;
        };
        FirmwareRelease: {
            /** Format: date-time */
            created_at: string;
            device_model: string;
            facility_id: string | null;
            file_name: string;
            /** Format: uuid */
            id: string;
            /** @description Whether its channel has it active */
            is_active: boolean;
            key_id: string | null;
            min_version: string | null;
            notes: string | null;
            security_version: number | null;
            sha256: string;
            signature: string | null;
            size_bytes: number;
            /** @enum {string} */
            status: "draft" | "published" | "withdrawn";
            version: string;
            withdrawal_reason: string | null;
        };
        FirmwareReport: {
            detail: string | null;
            kind: string | null;
            /** @enum {string} */
            outcome: "installed" | "failed" | "rolled_back";
            /** Format: uuid */
            release_id: string;
            /** Format: date-time */
            reported_at: string;
            rollout_id: string | null;
            version: string;
        };
        FirmwareRollout: {
            /** @description How often those that failed were asked to try again */
            attempt: number;
            device_model: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            percent: number;
            /** Format: uuid */
            release_id: string;
            /** @enum {string} */
            status: "running" | "paused" | "halted" | "completed" | "rolled_back" | "deactivated" | "withdrawn";
            version: string;
        };
        GpuServer: {
            /** Format: date-time */
            created_at: string;
            has_token: boolean;
            /** @enum {string} */
            health: "unknown" | "up" | "down";
            /** @description Since when its health is as it is */
            health_since: string | null;
            /** Format: uuid */
            id: string;
            max_concurrency: number;
            /** @description The models it has ready, each in every version that it names */
            models: {
                name: string;
                version?: string;
            }[];
            name: string;
            /** @description Why it is down */
            reason: string | null;
            /** @enum {string} */
            status: "enabled" | "disabled";
            url: string;
        };
        GpuServerCheck: {
            found: {
                /** @enum {string} */
                health: "up" | "down";
                /** @description How long it took to answer all that it was asked */
                latency_ms: number;
                /** @description The models it has ready, each in every version that it names */
                models: {
                    name: string;
                    version?: string;
                }[];
                reason: string | null;
            };
            server: components["schemas"]["GpuServer"];
        };
        History: {
            items: {
                actor: {
                    id: string;
                    /** @enum {string} */
                    kind: "user" | "device" | "system";
                    name: string | null;
                };
                /** Format: date-time */
                at: string;
                changes: {
                    after: unknown;
                    before: unknown;
                    field: string;
                }[];
                data: {
                    [key: string]: unknown;
                };
                position: string;
                revision: number;
                stream: string;
                type: string;
            }[];
        };
        InferenceDiff: {
            /** @description The first of them */
            changes: {
                after?: unknown;
                before?: unknown;
                path: string;
            }[];
            is_same: boolean;
            model_versions: {
                after: string;
                before: string;
            };
            /** Format: uuid */
            rerun_of: string;
            /** @description How many values differ; null: the results are too large to be compared */
            total: number | null;
        };
        InferenceJob: {
            attempt: number;
            error: string | null;
            /** Format: uuid */
            facility_id: string;
            finished_at: string | null;
            /** Format: uuid */
            id: string;
            model: string;
            /** @description Asked for; of one that has succeeded, the one that it was. Null: whichever the server has */
            model_version: string | null;
            params: {
                [key: string]: unknown;
            } | null;
            position_in_queue: number | null;
            /** @enum {string} */
            priority: "low" | "normal" | "high";
            /** Format: date-time */
            requested_at: string;
            /** @description The job whose result this one is compared with */
            rerun_of: string | null;
            /** @description Of the last attempt; null: the worker does it by itself */
            server_id: string | null;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Format: uuid */
            upload_id: string;
            /** @description `server`: it is queued, and no healthy server has its model. As queries know it */
            waiting_for: "server" | null;
        };
        InferenceJobInFull: {
            attempt: number;
            /** @description Of a rerun that has succeeded */
            diff: components["schemas"]["InferenceDiff"] | null;
            error: string | null;
            /** Format: uuid */
            facility_id: string;
            finished_at: string | null;
            /** Format: uuid */
            id: string;
            lineage: {
                /** @description What made samples of the recording */
                ffmpeg: string[];
                input_sha256: string;
                /** @description Of the result as it was found, in JSON */
                output_sha256: string;
            } | null;
            model: string;
            /** @description Asked for; of one that has succeeded, the one that it was. Null: whichever the server has */
            model_version: string | null;
            params: {
                [key: string]: unknown;
            } | null;
            /** @description Where the result is read, once there is one */
            path: string | null;
            position_in_queue: number | null;
            /** @enum {string} */
            priority: "low" | "normal" | "high";
            /** Format: date-time */
            requested_at: string;
            /** @description The job whose result this one is compared with */
            rerun_of: string | null;
            /** @description Null until there is one, and where it is read at `path` */
            result: {
                [key: string]: unknown;
            } | null;
            /** @description Of the last attempt; null: the worker does it by itself */
            server_id: string | null;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Format: uuid */
            upload_id: string;
            /** @description `server`: it is queued, and no healthy server has its model. As queries know it */
            waiting_for: "server" | null;
        };
        InferenceResult: {
            /** Format: date-time */
            finished_at: string;
            /** Format: uuid */
            job_id: string;
            model_version: string;
            path: string;
            result: {
                [key: string]: unknown;
            } | null;
            /** @description Of a result that is read at `path` */
            size_bytes: number | null;
        };
        IssuedApiKey: {
            api_key?: string;
            device_id: string | null;
            expires_at: string | null;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            name: string;
            scopes: ("upload" | "firmware" | "heartbeat")[];
        };
        KnownFirmwareChannel: {
            active_by: ("activation" | "rollback" | "rollout") | null;
            active_release_id: string | null;
            active_since: string | null;
            active_version: string | null;
            /**
             * Format: date-time
             * @description When something happened in it for the first time
             */
            created_at: string;
            device_model: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            /** @description Whether the facility’s devices are told to run what is active here; null: no facility was asked for */
            in_effect: boolean | null;
            /** @description The open rollout */
            rollout_id: string | null;
            /** @description Nothing with a lower security version becomes active */
            security_floor: number;
        };
        Lineage: {
            inferences: {
                attempts: number;
                /** @description The event of the upload that led to it by itself; null: it was asked for */
                because_of: {
                    at: string | null;
                    position: string;
                    type: string;
                } | null;
                finished: {
                    at: string | null;
                    position: string;
                    type: string;
                } | null;
                /** Format: uuid */
                id: string;
                made: {
                    /** @description What made samples of the recording */
                    ffmpeg: string[];
                    input_sha256: string;
                    /** @description Of the result as it was found, in JSON */
                    output_sha256: string;
                } | null;
                model: string;
                model_version: string | null;
                params: {
                    [key: string]: unknown;
                } | null;
                requested: {
                    at: string | null;
                    position: string;
                    type: string;
                };
                requested_by: {
                    id: string;
                    /** @enum {string} */
                    kind: "user" | "device" | "system";
                    name: string | null;
                };
                rerun_of: string | null;
                /** @description Of the last attempt; null: the worker did it by itself */
                server_id: string | null;
                /** @enum {string} */
                status: "open" | "succeeded" | "failed" | "cancelled";
            }[];
            jobs: {
                attempts: number;
                /** @description The event of the upload that led to it by itself; null: it was asked for */
                because_of: {
                    at: string | null;
                    position: string;
                    type: string;
                } | null;
                bitrate: number;
                finished: {
                    at: string | null;
                    position: string;
                    type: string;
                } | null;
                formats: string[];
                /** Format: uuid */
                id: string;
                outputs: {
                    bitrate?: number;
                    codec?: string;
                    format?: string;
                    /** @description Whether it is what is played or drawn now */
                    is_current: boolean;
                    /** @enum {string} */
                    kind: "rendition" | "peaks";
                    sha256?: string;
                    size_bytes?: number;
                }[];
                requested: {
                    at: string | null;
                    position: string;
                    type: string;
                };
                requested_by: {
                    id: string;
                    /** @enum {string} */
                    kind: "user" | "device" | "system";
                    name: string | null;
                };
                /** @enum {string} */
                status: "open" | "succeeded" | "failed" | "cancelled";
            }[];
            upload: {
                actor: {
                    id: string;
                    /** @enum {string} */
                    kind: "user" | "device" | "system";
                    name: string | null;
                };
                content_type: string;
                event: {
                    at: string | null;
                    position: string;
                    type: string;
                };
                file_name: string;
                /** Format: uuid */
                id: string;
                sha256: string;
                size_bytes: number;
            };
        };
        LogEvent: {
            actor: {
                id: string | null;
                kind: string | null;
                name: string | null;
            };
            at: string | null;
            correlation_id: string | null;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            position: string;
            revision: number;
            stream: string;
            type: string;
        };
        LogEventInFull: {
            actor: {
                id: string | null;
                kind: string | null;
                name: string | null;
            };
            at: string | null;
            causation_id: string | null;
            /** @description What it did to its resource as queries show it; null where that is not known */
            changes: {
                after: unknown;
                before: unknown;
                field: string;
            }[] | null;
            correlation_id: string | null;
            /** @description As it was stored; personal fields say `[masked]`, secrets are left out */
            data: unknown;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            position: string;
            revision: number;
            schema: number | null;
            stream: string;
            type: string;
            /** @description Why it is not known what it did */
            unfolded: string | null;
        };
        PlaybackUrl: {
            /** Format: date-time */
            expires_at: string;
            url: string;
        };
        PresentDevice: {
            battery_mv: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            facility_id: string;
            firmware_version: string | null;
            /** @description Bytes */
            free_memory: number | null;
            /** Format: uuid */
            id: string;
            last_seen_at: string | null;
            model: string;
            name: string;
            /** @description Heard of within the last 5 minutes */
            online: boolean;
            /** @description dBm */
            rssi: number | null;
            serial: string;
            /** @enum {string} */
            status: "active" | "decommissioned";
            uptime_secs: number | null;
        };
        Problem: {
            code: string;
            detail: string;
            errors?: {
                message: string;
                path: string;
            }[];
            request_id: string;
            status: number;
            title: string;
            type: string;
        };
        ProjectionDiff: {
            added: number;
            changed: number;
            fields: {
                field: string;
                rows: number;
            }[];
            name: string;
            other: {
                position: string | null;
                version: number;
            };
            removed: number;
            samples: {
                fields: {
                    after: unknown;
                    before: unknown;
                    field: string;
                }[];
                id: string;
                /** @enum {string} */
                kind: "added" | "removed" | "changed";
                since: string | null;
            }[];
            shown: {
                position: string | null;
                version: number;
            };
        };
        ProjectionStatus: {
            error: {
                [key: string]: unknown;
            } | null;
            eta_secs: number | null;
            events_per_sec: number | null;
            head: string | null;
            lag_events: number | null;
            lag_secs: number | null;
            name: string;
            position: string | null;
            serving: boolean;
            /** @enum {string} */
            state: "live" | "ready" | "building" | "verifying" | "stopped";
            /** Format: date-time */
            updated_at: string;
            version: number;
        };
        Readiness: {
            checks: {
                [key: string]: {
                    detail?: unknown;
                    /** @enum {string} */
                    status: "ok" | "failing";
                };
            };
            /** @enum {string} */
            status: "ready" | "not_ready";
        };
        RefusalEntry: {
            action: string;
            actor: {
                id: string | null;
                kind: string | null;
                name: string | null;
            };
            at: string | null;
            correlation_id: string | null;
            data: {
                [key: string]: unknown;
            };
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            revision: number;
        };
        Rendition: {
            bitrate: number;
            codec: string;
            duration_ms: number;
            /** @enum {string} */
            format: "opus-webm" | "aac-mp4";
            size_bytes: number;
        };
        ReportedRollout: {
            /** @enum {string} */
            advance: "manual" | "automatic";
            /** @description How often those that failed were asked to try again */
            attempt: number;
            /** @description Of now; null in an answer about the past */
            counts: {
                failed: number;
                installed: number;
                rolled_back: number;
            } | null;
            device_model: string;
            dwell_secs: number;
            ended_at: string | null;
            facility_id: string | null;
            /** @description Those that failed or were rolled back; null: without a kind */
            failures: {
                devices: number;
                kind: ("download" | "verify" | "install" | "boot" | "other") | null;
            }[] | null;
            gates: {
                external_power?: boolean;
                min_battery_mv?: number;
                min_free_bytes?: number;
            } | null;
            halt: {
                failure_percent: number;
                kinds?: ("download" | "verify" | "install" | "boot" | "other")[];
                min_devices: number;
            };
            /** Format: uuid */
            id: string;
            ladder: number[];
            percent: number;
            previous_release_id: string | null;
            /** @description Why it was paused, halted or ended */
            reason: string | null;
            /** Format: uuid */
            release_id: string;
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "running" | "paused" | "halted" | "completed" | "rolled_back" | "deactivated" | "withdrawn";
            /** @description Null in rollouts from before there was this */
            step_min_devices: number | null;
            /** Format: date-time */
            step_since: string;
            success_percent: number;
            version: string;
        };
        ResumableUpload: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            offset: number;
            size_bytes: number;
            upload_id: string | null;
        };
        RolloutDevice: {
            attempt: number | null;
            detail: string | null;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            kind: ("download" | "verify" | "install" | "boot" | "other") | null;
            name: string;
            reported_at: string | null;
            serial: string;
            /** @enum {string} */
            state: "pending" | "installed" | "failed" | "rolled_back";
        };
        RolloutInFull: {
            /** @enum {string} */
            advance: "manual" | "automatic";
            /** @description How often those that failed were asked to try again */
            attempt: number;
            /** @description Of now; null in an answer about the past */
            counts: {
                failed: number;
                installed: number;
                rolled_back: number;
            } | null;
            device_model: string;
            dwell_secs: number;
            ended_at: string | null;
            facility_id: string | null;
            /** @description Those that failed or were rolled back; null: without a kind */
            failures: {
                devices: number;
                kind: ("download" | "verify" | "install" | "boot" | "other") | null;
            }[] | null;
            /** @description Null once it is over */
            fleet: {
                devices: number;
                /** @description Of these, those that have not reported */
                pending: number;
                /** @description Those it has come to, also those that run the release already */
                targeted: number;
            } | null;
            gates: {
                external_power?: boolean;
                min_battery_mv?: number;
                min_free_bytes?: number;
            } | null;
            halt: {
                failure_percent: number;
                kinds?: ("download" | "verify" | "install" | "boot" | "other")[];
                min_devices: number;
            };
            /** Format: uuid */
            id: string;
            ladder: number[];
            percent: number;
            previous_release_id: string | null;
            /** @description Why it was paused, halted or ended */
            reason: string | null;
            /** Format: uuid */
            release_id: string;
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "running" | "paused" | "halted" | "completed" | "rolled_back" | "deactivated" | "withdrawn";
            /** @description Null in rollouts from before there was this */
            step_min_devices: number | null;
            /** Format: date-time */
            step_since: string;
            success_percent: number;
            version: string;
        };
        RolloutSimulation: {
            devices: number;
            left_out: {
                below_min_version: number;
                below_security_version: number;
                /** @description Of a facility whose own channel comes first */
                has_own: number;
                runs_it: number;
                runs_newer: number;
            };
            /** Format: uuid */
            rollout_id: string;
            steps: {
                /** @description That it comes to in this step */
                devices: number;
                facilities: {
                    devices: number;
                    /** Format: uuid */
                    facility_id: string;
                }[];
                percent: number;
                samples: string[];
                total: number;
                /** @description Of those of this step, below a gate as far as is known */
                waiting: number;
            }[];
        };
        Session: {
            address: string;
            end_reason: string | null;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            is_current: boolean;
            /** Format: date-time */
            refreshed_at: string;
            /** Format: date-time */
            started_at: string;
            /** @enum {string} */
            status: "open" | "ended";
            user_agent: string;
        };
        Setting: {
            /** @enum {string} */
            key: "transcode_formats" | "transcode_bitrate" | "automatic_inference" | "recording_retention_days" | "recording_purge_days";
            set_here: (("opus-webm" | "aac-mp4")[] | number | {
                enabled: boolean;
                model?: string;
                models?: string[];
            }) | null;
            /** @enum {string} */
            source: "environment" | "facility" | "system" | "default";
            value: ("opus-webm" | "aac-mp4")[] | number | {
                enabled: boolean;
                model?: string;
                models?: string[];
            };
        };
        Stats: {
            /** @enum {string} */
            bucket: "hour" | "day" | "week";
            /** Format: date-time */
            from: string;
            /** @description Buckets in which nothing was received or asked for are left out */
            series: {
                jobs: {
                    cancelled: number;
                    failed: number;
                    queued: number;
                    running: number;
                    succeeded: number;
                };
                size_bytes: number;
                sound_secs: number;
                /** Format: date-time */
                start: string;
                uploads: number;
            }[];
            /** @description In which buckets begin: that of the one facility, or UTC */
            timezone: string;
            /** Format: date-time */
            to: string;
            totals: {
                jobs: {
                    cancelled: number;
                    failed: number;
                    queued: number;
                    running: number;
                    succeeded: number;
                };
                size_bytes: number;
                sound_secs: number;
                uploads: number;
            };
        };
        Tag: {
            /** Format: date-time */
            created_at: string;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            name: string;
        };
        Tokens: {
            access_token: string;
            expires_in: number;
            must_change_password: boolean;
            refresh_token: string;
            /** @constant */
            token_type: "Bearer";
            user: {
                email: string;
                facility_id: string | null;
                /** Format: uuid */
                id: string;
                name: string;
                /** @enum {string} */
                role: "super_admin" | "facility_admin" | "user";
            };
        };
        TranscodeJob: {
            attempt: number;
            bitrate: number;
            error: string | null;
            /** Format: uuid */
            facility_id: string;
            finished_at: string | null;
            formats: string[];
            /** Format: uuid */
            id: string;
            position_in_queue: number | null;
            /** Format: date-time */
            requested_at: string;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Format: uuid */
            upload_id: string;
        };
        Upload: {
            channels: number | null;
            content_type: string;
            /** Format: date-time */
            created_at: string;
            /** @description In the list of what can be restored alone */
            deleted_at?: string | null;
            device_id: string | null;
            duration_ms: number | null;
            error: string | null;
            /** Format: uuid */
            facility_id: string;
            file_name: string;
            /** Format: uuid */
            id: string;
            loudness_lufs: number | null;
            metadata: {
                [key: string]: unknown;
            } | null;
            notes: string | null;
            recorded_at: string | null;
            renditions: components["schemas"]["Rendition"][];
            sample_rate_hz: number | null;
            sha256: string;
            size_bytes: number;
            /** @enum {string} */
            status: "received" | "transcoding" | "ready" | "failed" | "rejected" | "deleted";
            tags: string[];
            title: string | null;
        };
        UploadDetails: {
            /** Format: date-time */
            created_at: string;
            device_id: string | null;
            /** Format: uuid */
            facility_id: string;
            file_name: string;
            /** Format: uuid */
            id: string;
            metadata: {
                [key: string]: unknown;
            } | null;
            notes: string | null;
            recorded_at: string | null;
            tags: string[];
            title: string | null;
        };
        UsedApiKey: {
            /** Format: date-time */
            created_at: string;
            device_id: string | null;
            expires_at: string | null;
            /** Format: uuid */
            facility_id: string;
            /** Format: uuid */
            id: string;
            last_used_at: string | null;
            name: string;
            scopes: ("upload" | "firmware" | "heartbeat")[];
            /** @enum {string} */
            status: "active" | "revoked";
        };
        User: {
            /** Format: date-time */
            created_at: string;
            email: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            must_change_password: boolean;
            name: string;
            /** @enum {string} */
            role: "super_admin" | "facility_admin" | "user";
            /** @enum {string} */
            status: "active" | "inactive" | "erased";
        };
        UserWithPassword: {
            /** Format: date-time */
            created_at: string;
            email: string;
            facility_id: string | null;
            /** Format: uuid */
            id: string;
            must_change_password: boolean;
            name: string;
            password?: string;
            /** @enum {string} */
            role: "super_admin" | "facility_admin" | "user";
            /** @enum {string} */
            status: "active" | "inactive" | "erased";
        };
    };
    responses: {
        /** @description Bad Request */
        Problem400: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unauthorized */
        Problem401: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Forbidden */
        Problem403: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Found */
        Problem404: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict */
        Problem409: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Gone */
        Problem410: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Precondition Failed */
        Problem412: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Payload Too Large */
        Problem413: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported Media Type */
        Problem415: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Range Not Satisfiable */
        Problem416: {
            headers: {
                "Content-Range": components["headers"]["ContentRange"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too Many Requests */
        Problem429: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Internal Server Error */
        Problem500: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable */
        Problem503: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
        IdempotencyKey: string;
        /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
        IfMatch: string;
        /** @description The ETag of what the client has; 304 when it is still that */
        IfNoneMatch: string;
        /** @description The ETag that Range is about; all of it otherwise */
        IfRange: string;
        /** @description One range of bytes */
        Range: string;
        /** @description An Event-Position: answers once the read models it depends on have come so far */
        ReadAfter: string;
    };
    requestBodies: never;
    headers: {
        /** @description bytes */
        AcceptRanges: string;
        /** @description Its name as a file */
        ContentDisposition: string;
        /** @description Which bytes of how many */
        ContentRange: string;
        /** @description The SHA-256 of the bytes, quoted */
        Digest: string;
        /** @description Where the log is after it: for Read-After */
        EventPosition: string;
        /** @description Where the resource is */
        Location: string;
        /** @description Finds the request in our log; one of the caller’s own is kept */
        RequestId: string;
        /** @description After how many seconds to try again */
        RetryAfter: string;
        /** @description The revision of the resource */
        Revision: string;
        /** @description Which credentials are wanted */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "auth.changePassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    current_password: string;
                    new_password: string;
                };
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.endOthers": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.me": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.refresh": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refresh_token: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.sessions.list": {
        parameters: {
            query?: {
                cursor?: string;
                page?: number;
                per_page?: number;
                sort?: "started_at" | "-started_at";
                status?: "open" | "ended";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "auth.sessions.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.list": {
        parameters: {
            query?: {
                cursor?: string;
                device_id?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                sort?: "created_at" | "-created_at" | "name" | "-name";
                status?: "active" | "revoked";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["UsedApiKey"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    device_id?: string;
                    /** Format: date-time */
                    expires_at?: string;
                    /** Format: uuid */
                    facility_id: string;
                    name: string;
                    scopes: ("upload" | "firmware" | "heartbeat")[];
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedApiKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsedApiKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    name?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "apiKeys.rotate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description For how long the secret it had lets in still; 0: no longer
                     * @default 3600
                     */
                    overlap_secs?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedApiKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "audit.list": {
        parameters: {
            query?: {
                action?: string;
                actor?: string;
                cursor?: string;
                facility_id?: string;
                from?: string;
                page?: number;
                per_page?: number;
                /** @description A kind, like `upload`, or one of it: `upload-<id>` */
                resource?: string;
                sort?: "position" | "-position";
                to?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEntry"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "audit.csv": {
        parameters: {
            query?: {
                action?: string;
                actor?: string;
                facility_id?: string;
                from?: string;
                /** @description A kind, like `upload`, or one of it: `upload-<id>` */
                resource?: string;
                to?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "audit.ndjson": {
        parameters: {
            query?: {
                action?: string;
                actor?: string;
                facility_id?: string;
                from?: string;
                /** @description A kind, like `upload`, or one of it: `upload-<id>` */
                resource?: string;
                to?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "audit.refusals": {
        parameters: {
            query?: {
                action?: "LoginRefused" | "AccessRefused" | "AccountThrottled" | "RefusalsLeftOut";
                cursor?: string;
                /** @description In UTC; today where it is not given */
                day?: string;
                per_page?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RefusalEntry"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                model?: string;
                online?: "true" | "false";
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "created_at" | "-created_at" | "name" | "-name" | "serial" | "-serial" | "model" | "-model";
                status?: "active" | "decommissioned";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["PresentDevice"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    facility_id: string;
                    model: string;
                    name: string;
                    serial: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceDetails"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description Where it moves to; for a super_admin
                     */
                    facility_id?: string;
                    name?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.decommission": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "devices.heartbeat": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    battery_mv?: number;
                    firmware_version?: string;
                    /** @description Bytes */
                    free_memory?: number;
                    /** @description dBm */
                    rssi?: number;
                    uptime_secs?: number;
                };
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "events.list": {
        parameters: {
            query?: {
                /** @description Of streams of this kind: `upload` */
                category?: string;
                /** @description A `next_cursor` of the same direction: goes on there, whatever `from` says */
                cursor?: string;
                /** @description `backwards`: newest first */
                direction?: "forwards" | "backwards";
                /** @description The first to be looked at: the position of an event; with `stream`, a revision */
                from?: string;
                per_page?: number;
                /** @description Of this stream alone: `upload-<id>` */
                stream?: string;
                /** @description How their types begin: `Upload`, `UploadReceived` */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["LogEvent"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "events.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                position: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogEventInFull"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "events.streams.get": {
        parameters: {
            query?: {
                /** @description A `next_cursor` of the same direction: goes on there, whatever `from` says */
                cursor?: string;
                /** @description `forwards`: oldest first */
                direction?: "forwards" | "backwards";
                /** @description The first revision to be looked at */
                from?: number;
                per_page?: number;
                /** @description How their types begin: `Upload`, `UploadReceived` */
                type?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["LogEvent"][];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.list": {
        parameters: {
            query?: {
                cursor?: string;
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "created_at" | "-created_at" | "name" | "-name" | "code" | "-code";
                status?: "active" | "inactive";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Facility"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    address?: string;
                    code: string;
                    name: string;
                    timezone?: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facility"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facility"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    address?: string;
                    name?: string;
                    timezone?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facility"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.deactivate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facility"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.reactivate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facility"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.settings.list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Setting"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.settings.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                key: "transcode_formats" | "transcode_bitrate" | "automatic_inference" | "recording_retention_days" | "recording_purge_days";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "facilities.settings.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
                key: "transcode_formats" | "transcode_bitrate" | "automatic_inference" | "recording_retention_days" | "recording_purge_days";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    value: (("opus-webm" | "aac-mp4")[] | number | {
                        enabled: boolean;
                        model?: string;
                        models?: string[];
                    }) | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.list": {
        parameters: {
            query?: {
                active?: "true" | "false";
                cursor?: string;
                device_model?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                q?: string;
                scope?: "facility" | "global";
                sort?: "created_at" | "-created_at" | "device_model" | "-device_model";
                status?: "draft" | "published" | "withdrawn";
                version?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["FirmwareRelease"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    device_model: string;
                    /** Format: uuid */
                    facility_id?: string;
                    /** @description The file */
                    file: string;
                    /** Format: uuid */
                    key_id?: string;
                    /** @description Devices that run something older are not offered it */
                    min_version?: string;
                    notes?: string;
                    /** @description Never goes down in a channel, nor on a device; 0 where absent */
                    security_version?: string;
                    /** Format: base64 */
                    signature?: string;
                    version: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRelease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRelease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    notes?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRelease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.activate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareChannel"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.deactivate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareChannel"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.image": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of what the client has; 304 when it is still that */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description The ETag that Range is about; all of it otherwise */
                "If-Range"?: components["parameters"]["IfRange"];
                /** @description One range of bytes */
                Range?: components["parameters"]["Range"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Partial Content */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Content-Range": components["headers"]["ContentRange"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.publish": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRelease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.withdraw": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRelease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.channels.list": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
                cursor?: string;
                device_model?: string;
                /** @description Those that its devices listen to: its own and those for every facility */
                facility_id?: string;
                page?: number;
                per_page?: number;
                sort?: "created_at" | "-created_at" | "device_model" | "-device_model";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["KnownFirmwareChannel"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.channels.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.check": {
        parameters: {
            query: {
                battery_mv?: number;
                /** @description What runs on the device */
                current_version: string;
                external_power?: "true" | "false";
                /** @description Room for an image */
                free_bytes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareManifest"];
                };
            };
            /** @description No Content */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.devices": {
        parameters: {
            query?: {
                behind?: "true" | "false";
                cursor?: string;
                device_model?: string;
                facility_id?: string;
                outcome?: "installed" | "failed" | "rolled_back";
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "serial" | "-serial" | "observed_at" | "-observed_at" | "reported_at" | "-reported_at";
                unexpected?: "true" | "false";
                version?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["FirmwareDevice"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.distribution": {
        parameters: {
            query?: {
                device_model?: string;
                facility_id?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareDistribution"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.keys.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                sort?: "created_at" | "-created_at";
                status?: "active" | "retired";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["FirmwareKey"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.keys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    facility_id?: string;
                    name?: string;
                    /** @description Ed25519, SPKI in PEM */
                    public_key: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.keys.retire": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description Whose key it is; absent: one’s own, for a super_admin the one for every facility
                     */
                    facility_id?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareKey"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.report": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    detail?: string;
                    /** @enum {string} */
                    kind?: "download" | "verify" | "install" | "boot" | "other";
                    /** @enum {string} */
                    outcome: "installed" | "failed" | "rolled_back";
                    /** Format: uuid */
                    release_id: string;
                };
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    device_model: string;
                    /** Format: uuid */
                    facility_id?: string;
                    reason: string;
                    /**
                     * Format: uuid
                     * @description Absent: what was active before
                     */
                    to_release_id?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareChannel"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.list": {
        parameters: {
            query?: {
                cursor?: string;
                device_model?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                release_id?: string;
                sort?: "started_at" | "-started_at";
                status?: "running" | "paused" | "halted" | "completed" | "rolled_back" | "deactivated" | "withdrawn";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ReportedRollout"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @default manual
                     * @enum {string}
                     */
                    advance?: "manual" | "automatic";
                    /**
                     * @description How long each share is watched before the next, where it advances by itself
                     * @default 3600
                     */
                    dwell_secs?: number;
                    gates?: {
                        external_power?: boolean;
                        min_battery_mv?: number;
                        min_free_bytes?: number;
                    };
                    /**
                     * @default {
                     *       "min_devices": 5,
                     *       "failure_percent": 10
                     *     }
                     */
                    halt?: {
                        /** @default 10 */
                        failure_percent?: number;
                        /** @description Failures of these kinds alone; of all where it is left out */
                        kinds?: ("download" | "verify" | "install" | "boot" | "other")[];
                        /** @default 5 */
                        min_devices?: number;
                    };
                    /**
                     * @description Rising shares of the fleet, in percent
                     * @default [
                     *       1,
                     *       5,
                     *       25,
                     *       50,
                     *       100
                     *     ]
                     */
                    ladder?: number[];
                    /** Format: uuid */
                    release_id: string;
                    /**
                     * @description Of the devices that a share adds: so many must have reported, or all of them where they are fewer, before it advances by itself
                     * @default 5
                     */
                    step_min_devices?: number;
                    /**
                     * @description Of the devices that reported: so many must have installed it before it advances by itself
                     * @default 95
                     */
                    success_percent?: number;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutInFull"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.advance": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    expected_percent: number;
                    percent: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.devices": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                kind?: "download" | "verify" | "install" | "boot" | "other";
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "name" | "-name" | "serial" | "-serial" | "reported_at" | "-reported_at";
                state?: "pending" | "installed" | "failed" | "rolled_back";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RolloutDevice"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.halt": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.retryFailed": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FirmwareRollout"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "firmware.rollouts.simulate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @default manual
                     * @enum {string}
                     */
                    advance?: "manual" | "automatic";
                    /**
                     * @description How long each share is watched before the next, where it advances by itself
                     * @default 3600
                     */
                    dwell_secs?: number;
                    gates?: {
                        external_power?: boolean;
                        min_battery_mv?: number;
                        min_free_bytes?: number;
                    };
                    /**
                     * @default {
                     *       "min_devices": 5,
                     *       "failure_percent": 10
                     *     }
                     */
                    halt?: {
                        /** @default 10 */
                        failure_percent?: number;
                        /** @description Failures of these kinds alone; of all where it is left out */
                        kinds?: ("download" | "verify" | "install" | "boot" | "other")[];
                        /** @default 5 */
                        min_devices?: number;
                    };
                    /**
                     * @description Rising shares of the fleet, in percent
                     * @default [
                     *       1,
                     *       5,
                     *       25,
                     *       50,
                     *       100
                     *     ]
                     */
                    ladder?: number[];
                    /** Format: uuid */
                    release_id: string;
                    /**
                     * @description Of the devices that a share adds: so many must have reported, or all of them where they are fewer, before it advances by itself
                     * @default 5
                     */
                    step_min_devices?: number;
                    /**
                     * @description Of the devices that reported: so many must have installed it before it advances by itself
                     * @default 95
                     */
                    success_percent?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutSimulation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.list": {
        parameters: {
            query?: {
                cursor?: string;
                health?: "unknown" | "up" | "down";
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "created_at" | "-created_at" | "name" | "-name";
                status?: "enabled" | "disabled";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["GpuServer"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How many requests a worker sends it at the same time */
                    max_concurrency: number;
                    name: string;
                    /** @description Sent as a bearer token, and never shown; empty: none */
                    token?: string;
                    /** @description http or https, where `/v2` answers; no link-local, metadata or unspecified address. Loopback and private networks are allowed: that is where servers live */
                    url: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description How many requests a worker sends it at the same time */
                    max_concurrency?: number;
                    name?: string;
                    /** @description Sent as a bearer token, and never shown; empty: none */
                    token?: string;
                    /** @description http or https, where `/v2` answers; no link-local, metadata or unspecified address. Loopback and private networks are allowed: that is where servers live */
                    url?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.check": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServerCheck"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.disable": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.enable": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GpuServer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "gpuServers.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                model?: string;
                page?: number;
                per_page?: number;
                /** @description Where the last attempt was */
                server_id?: string;
                sort?: "requested_at" | "-requested_at" | "finished_at" | "-finished_at";
                status?: "queued" | "running" | "succeeded" | "failed" | "cancelled";
                upload_id?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InferenceJob"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    model: "silero-vad" | "sound-levels";
                    /** @description Absent: whichever the server has */
                    model_version?: string;
                    params?: {
                        [key: string]: unknown;
                    };
                    /**
                     * @default normal
                     * @enum {string}
                     */
                    priority?: "low" | "normal" | "high";
                    /** Format: uuid */
                    upload_id: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceJobInFull"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.result": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "inferenceJobs.retryFailed": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How many failed jobs the caller expects to match */
                    count: number;
                    /** Format: uuid */
                    facility_id?: string;
                    model?: string;
                    /** Format: uuid */
                    server_id?: string;
                    /** Format: uuid */
                    upload_id?: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        ids: string[];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "live.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ProjectionStatus"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.diff": {
        parameters: {
            query?: {
                samples?: number;
                version?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectionDiff"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.drop": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    version: number;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.promote": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    version?: number;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "projections.skip": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    position: string;
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        version?: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "stats.list": {
        parameters: {
            query?: {
                /** @description Weeks begin on Monday */
                bucket?: "hour" | "day" | "week";
                facility_id?: string;
                /** @description Thirty days before `to` where absent */
                from?: string;
                /** @description Now where absent; not included */
                to?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "system.settings.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Setting"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "system.settings.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: "transcode_formats" | "transcode_bitrate" | "automatic_inference" | "recording_retention_days" | "recording_purge_days";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "system.settings.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                key: "transcode_formats" | "transcode_bitrate" | "automatic_inference" | "recording_retention_days" | "recording_purge_days";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    value: (("opus-webm" | "aac-mp4")[] | number | {
                        enabled: boolean;
                        model?: string;
                        models?: string[];
                    }) | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "tags.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                q?: string;
                sort?: "created_at" | "-created_at" | "name" | "-name";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Tag"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "tags.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    facility_id: string;
                    name: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "tags.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "tags.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "tags.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                sort?: "requested_at" | "-requested_at" | "finished_at" | "-finished_at";
                status?: "queued" | "running" | "succeeded" | "failed" | "cancelled";
                upload_id?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["TranscodeJob"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TranscodeJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TranscodeJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TranscodeJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "transcodeJobs.retryFailed": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How many failed jobs the caller expects to match */
                    count: number;
                    /** Format: uuid */
                    facility_id?: string;
                    /** Format: uuid */
                    upload_id?: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        ids: string[];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.list": {
        parameters: {
            query?: {
                cursor?: string;
                device_id?: string;
                facility_id?: string;
                /** @description Received at or after `from`, before `to` */
                from?: string;
                page?: number;
                per_page?: number;
                /** @description Text in the file’s name, the title or the notes */
                q?: string;
                /** @description Recorded at or after `recorded_from`, before `recorded_to`: those that say when */
                recorded_from?: string;
                /** @description Recorded at or after `recorded_from`, before `recorded_to`: those that say when */
                recorded_to?: string;
                sort?: "created_at" | "-created_at" | "recorded_at" | "-recorded_at" | "size_bytes" | "-size_bytes" | "duration_ms" | "-duration_ms";
                status?: "received" | "transcoding" | "ready" | "failed" | "rejected" | "deleted";
                tag?: string;
                /** @description Received at or after `from`, before `to` */
                to?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Upload"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: uuid */
                    device_id?: string;
                    /** Format: uuid */
                    facility_id?: string;
                    /** @description The file */
                    file: string;
                    metadata?: string;
                    /** Format: date-time */
                    recorded_at?: string;
                    /** @description Ids of at most 50 tags of the facility, separated by commas */
                    tags?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    metadata?: {
                        [key: string]: unknown;
                    };
                    notes?: string | null;
                    title?: string | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadDetails"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.download": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of what the client has; 304 when it is still that */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description The ETag that Range is about; all of it otherwise */
                "If-Range"?: components["parameters"]["IfRange"];
                /** @description One range of bytes */
                Range?: components["parameters"]["Range"];
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": string;
                };
            };
            /** @description Partial Content */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Content-Range": components["headers"]["ContentRange"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.inference": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            model: string;
                            results: components["schemas"]["InferenceResult"][];
                        }[];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.inference.rerun": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    model: "silero-vad" | "sound-levels";
                    model_version: string;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.lineage": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lineage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.peaks": {
        parameters: {
            query?: {
                /** @description How many pixels as stored become one */
                zoom?: "1" | "2" | "4" | "8" | "16" | "32";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        version: 2;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.playbackUrl": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @default webm
                     * @enum {string}
                     */
                    format?: "webm" | "mp4";
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybackUrl"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.restore": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadDetails"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.stream": {
        parameters: {
            query?: {
                format?: "webm" | "mp4";
                /** @description Of a playback URL, instead of a header */
                token?: string;
            };
            header?: {
                /** @description The ETag of what the client has; 304 when it is still that */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description The ETag that Range is about; all of it otherwise */
                "If-Range"?: components["parameters"]["IfRange"];
                /** @description One range of bytes */
                Range?: components["parameters"]["Range"];
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": string;
                };
            };
            /** @description Partial Content */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Content-Range": components["headers"]["ContentRange"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.tags.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    tag_ids: string[];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadDetails"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.transcode": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description transcode_bitrate: bits per second of what recordings become */
                    bitrate?: number;
                    /** @enum {string} */
                    format?: "opus-webm" | "webm" | "aac-mp4" | "mp4";
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TranscodeJob"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.waveform.png": {
        parameters: {
            query?: {
                colour?: string;
                /** @description Pixels */
                height?: number;
                /** @description Pixels */
                width?: number;
            };
            header?: {
                /** @description The ETag of what the client has; 304 when it is still that */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description The ETag that Range is about; all of it otherwise */
                "If-Range"?: components["parameters"]["IfRange"];
                /** @description One range of bytes */
                Range?: components["parameters"]["Range"];
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Partial Content */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["AcceptRanges"];
                    "Content-Disposition": components["headers"]["ContentDisposition"];
                    "Content-Range": components["headers"]["ContentRange"];
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    ETag: components["headers"]["Digest"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.resumable.create": {
        parameters: {
            query?: never;
            header: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description The version of the tus protocol */
                "Tus-Resumable": "1.0.0";
                /** @description How many bytes there will be */
                "Upload-Length": string;
                /** @description filename, and the fields of POST /api/v1/uploads, each value in base64 */
                "Upload-Metadata"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.resumable.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResumableUpload"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.resumable.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "uploads.resumable.change": {
        parameters: {
            query?: never;
            header: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
                /** @description The version of the tus protocol */
                "Tus-Resumable": "1.0.0";
                /** @description How many bytes are there already */
                "Upload-Offset": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.list": {
        parameters: {
            query?: {
                cursor?: string;
                facility_id?: string;
                page?: number;
                per_page?: number;
                q?: string;
                role?: "super_admin" | "facility_admin" | "user";
                sort?: "created_at" | "-created_at" | "name" | "-name" | "email" | "-email";
                status?: "active" | "inactive" | "erased";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["User"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    /** Format: uuid */
                    facility_id?: string;
                    name: string;
                    password: string;
                    /** @enum {string} */
                    role: "super_admin" | "facility_admin" | "user";
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    Location: components["headers"]["Location"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.get": {
        parameters: {
            query?: {
                /** @description Answers with the state then: up to this time or log position, its own events included */
                as_of?: string;
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    email?: string;
                    /**
                     * Format: uuid
                     * @description Where the person moves to; a super_admin belongs nowhere
                     */
                    facility_id?: string;
                    name?: string;
                    /** @enum {string} */
                    role?: "super_admin" | "facility_admin" | "user";
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.deactivate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.endSessions": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.erase": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.history": {
        parameters: {
            query?: never;
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.reactivate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.resetPassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key again, by the same caller on the same path, answers as the first time and changes nothing */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description One is made, and answered once, where none is given */
                    password?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserWithPassword"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.sessions.list": {
        parameters: {
            query?: {
                cursor?: string;
                page?: number;
                per_page?: number;
                sort?: "started_at" | "-started_at";
                status?: "open" | "ended";
            };
            header?: {
                /** @description An Event-Position: answers once the read models it depends on have come so far */
                "Read-After"?: components["parameters"]["ReadAfter"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        next_cursor: string | null;
                        page: number;
                        pages: number;
                        per_page: number;
                        total: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "users.sessions.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision, as in ETag, that the resource must still have; 412 otherwise */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    ETag: components["headers"]["Revision"];
                    "Event-Position": components["headers"]["EventPosition"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            412: components["responses"]["Problem412"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            default: components["responses"]["Problem500"];
        };
    };
    "health.live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It lives */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                    };
                };
            };
        };
    };
    "health.ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everything it needs answers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Something it needs does not */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
}
