{{- define "heard.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "heard.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "heard.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "heard.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* What selects pods never changes: not with the chart's version, nor with labels of the user's. */ -}}
{{- define "heard.selector" -}}
app.kubernetes.io/name: {{ include "heard.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "heard.labels" -}}
{{ include "heard.selector" . }}
app.kubernetes.io/part-of: heard
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The values of one service: the defaults, and over them its own. merge would write into either, so both are copies. */ -}}
{{- define "heard.service" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (default dict (get .root.Values.services .name))) | toYaml -}}
{{- end -}}

{{- /* The services that are enabled, by name, with their whole values: {services: {…}}. */ -}}
{{- define "heard.services" -}}
{{- $services := dict -}}
{{- range $name, $_ := .Values.services -}}
{{- $values := include "heard.service" (dict "root" $ "name" $name) | fromYaml -}}
{{- if $values.enabled -}}{{- $_ := set $services $name $values -}}{{- end -}}
{{- end -}}
{{- toYaml $services -}}
{{- end -}}

{{- define "heard.image" -}}
{{- $image := .root.Values.image -}}
{{- $registry := default $image.registry .root.Values.global.imageRegistry -}}
{{- $name := ternary "heard" (printf "heard-%s" .program) (eq .program "heard") -}}
{{- with get $image.digests .program -}}
{{- printf "%s/%s/%s@%s" $registry $image.repository $name . -}}
{{- else -}}
{{- printf "%s/%s/%s:%s" $registry $image.repository $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "heard.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "heard.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Variables that say where the stores are; nothing secret. */ -}}
{{- define "heard.storesEnv" -}}
HEARD_MONGO_DATABASE: {{ .root.Values.stores.mongodb.database | quote }}
HEARD_MONGO_URI_FILE: /etc/heard/secrets/mongodb-uri
HEARD_REDIS_PREFIX: {{ .root.Values.stores.redis.prefix | quote }}
HEARD_REDIS_URL_FILE: /etc/heard/secrets/redis-url
HEARD_KEYSET_FILE: /etc/heard/secrets/keyset
HEARD_HASH_KEY_FILE: /etc/heard/secrets/hash-key
HEARD_SESSION_KEYS_FILE: /etc/heard/secrets/session-keys
{{- if has "s3" .stores }}
{{- with .root.Values.stores.s3 }}
HEARD_S3_ENDPOINT: {{ required "stores.s3.endpoint must name the S3" .endpoint | quote }}
{{- with .publicEndpoint }}
HEARD_S3_PUBLIC_ENDPOINT: {{ . | quote }}
{{- end }}
HEARD_S3_BUCKET: {{ .bucket | quote }}
HEARD_S3_REGION: {{ .region | quote }}
HEARD_S3_SECRET_KEY_FILE: /etc/heard/secrets/s3-secret-key
{{- end }}
{{- end }}
{{- if .root.Values.caBundles }}
SSL_CERT_DIR: /etc/heard/ca
{{- end }}
{{- end -}}

{{- /* The one variable that cannot be a file. */ -}}
{{- /* What telemetry says of its pod, beside what is said of the service. */ -}}
{{- define "heard.podEnv" -}}
{{- if .root.Values.config.otlpEndpoint -}}
{{- $said := get (merge (dict) .service.env .root.Values.config.env) "OTEL_RESOURCE_ATTRIBUTES" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ printf "k8s.namespace.name=%s,k8s.pod.name=$(POD_NAME)" .root.Release.Namespace | list $said | compact | join "," | quote }}
{{- end -}}
{{- end -}}

{{- define "heard.secretEnv" -}}
{{- if has "s3" .stores }}
- name: HEARD_S3_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .root.Values.stores.s3.existingSecret }}, key: {{ .root.Values.stores.s3.accessKeyKey }}}}
{{- end }}
{{- end -}}

{{- define "heard.volumes" -}}
{{- $s := .root.Values.stores -}}
{{- $k := .root.Values.keys -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ required "stores.mongodb.existingSecret must name a Secret" $s.mongodb.existingSecret }}
          items: [{key: {{ $s.mongodb.uriKey }}, path: mongodb-uri}]
      - secret:
          name: {{ required "stores.redis.existingSecret must name a Secret" $s.redis.existingSecret }}
          items: [{key: {{ $s.redis.urlKey }}, path: redis-url}]
      - secret:
          name: {{ required "keys.existingSecret must name a Secret" $k.existingSecret }}
          items:
            - {key: {{ $k.keysetKey }}, path: keyset}
            - {key: {{ $k.hashKeyKey }}, path: hash-key}
            - {key: {{ $k.sessionKeysKey }}, path: session-keys}
      {{- if has "s3" .stores }}
      - secret:
          name: {{ required "stores.s3.existingSecret must name a Secret" $s.s3.existingSecret }}
          items: [{key: {{ $s.s3.secretKeyKey }}, path: s3-secret-key}]
      {{- end }}
{{- with .root.Values.caBundles }}
- name: ca
  projected:
    defaultMode: 0444
    sources:
      {{- range $i, $bundle := . }}
      {{- $key := default "ca.crt" $bundle.key }}
      - {{ ternary "configMap" "secret" (hasKey $bundle "configMap") }}:
          name: {{ default $bundle.secret $bundle.configMap }}
          items: [{key: {{ $key }}, path: {{ $i }}.crt}]
      {{- end }}
{{- end }}
{{- end -}}

{{- define "heard.mounts" -}}
- {name: secrets, mountPath: /etc/heard/secrets, readOnly: true}
{{- if .root.Values.caBundles }}
- {name: ca, mountPath: /etc/heard/ca, readOnly: true}
{{- end }}
{{- end -}}

{{- /* A checksum of the Secrets and authorities as they are in the cluster; empty where there is no cluster to look at. */ -}}
{{- define "heard.secretsChecksum" -}}
{{- $root := .root -}}
{{- $names := list .root.Values.stores.mongodb.existingSecret .root.Values.stores.redis.existingSecret .root.Values.keys.existingSecret -}}
{{- if has "s3" .stores -}}{{- $names = append $names .root.Values.stores.s3.existingSecret -}}{{- end -}}
{{- $found := list -}}
{{- range $names -}}
{{- with lookup "v1" "Secret" $root.Release.Namespace . -}}{{- $found = append $found (get . "data") -}}{{- end -}}
{{- end -}}
{{- range $root.Values.caBundles -}}
{{- with lookup "v1" (ternary "ConfigMap" "Secret" (hasKey . "configMap")) $root.Release.Namespace (default .secret .configMap) -}}
{{- $found = append $found (get . "data") -}}
{{- end -}}
{{- end -}}
{{- if $found -}}{{- $found | toJson | sha256sum -}}{{- end -}}
{{- end -}}

{{- define "heard.bootstrapSecret" -}}
{{- default (printf "%s-bootstrap" (include "heard.fullname" .)) .Values.bootstrap.secretName -}}
{{- end -}}

{{- define "heard.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets -}}
imagePullSecrets:
{{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
