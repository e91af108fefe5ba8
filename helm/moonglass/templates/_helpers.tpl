{{/* Names. */}}
{{- define "moonglass.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52 characters leave room for what objects add to it. */}}
{{- define "moonglass.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "moonglass.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "moonglass.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "moonglass.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "moonglass.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What a Deployment and its Services select pods by; it never changes for a release. */}}
{{- define "moonglass.selectorLabels" -}}
app.kubernetes.io/name: {{ include "moonglass.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{/* Labels of all objects but for the component. */}}
{{- define "moonglass.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: moonglass
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "moonglass.labels" -}}
{{ include "moonglass.selectorLabels" . }}
{{ include "moonglass.commonLabels" . }}
{{- end -}}

{{/* By these labels monitors find the Service of the ops port. */}}
{{- define "moonglass.operationsLabels" -}}
app.kubernetes.io/name: {{ include "moonglass.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operations
{{- end -}}

{{- define "moonglass.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (lower .Chart.AppVersion)) -}}
{{- end -}}
{{- end -}}

{{/* The first model's folder in the pod. */}}
{{- define "moonglass.modelDirectory" -}}
{{- if and (eq .Values.model.source "image") (eq .Values.model.image.mount "volume") -}}
{{- printf "/model-image/%s" .Values.model.image.path | clean -}}
{{- else -}}
{{- printf "/models/%s" .Values.model.name -}}
{{- end -}}
{{- end -}}

{{/* Name of the Secret with the file of API keys; empty where no keys are wanted. */}}
{{- define "moonglass.apiKeysSecret" -}}
{{- if .Values.apiKeys.existingSecret -}}
{{- .Values.apiKeys.existingSecret -}}
{{- else if .Values.apiKeys.lines -}}
{{- printf "%s-api-keys" (include "moonglass.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "moonglass.graceSeconds" -}}
{{- $drain := .Values.drain -}}
{{- $least := add (int $drain.preStopSeconds) (int $drain.timeoutSeconds) -}}
{{- $grace := int $drain.gracePeriodSeconds -}}
{{- if eq $grace 0 -}}
{{- add $least 15 -}}
{{- else if lt $grace (int (add $least 10)) -}}
{{- fail (printf "drain.gracePeriodSeconds is %d; want at least preStopSeconds + timeoutSeconds + 10, which are %d, or 0 to have it computed" $grace (int (add $least 10))) -}}
{{- else -}}
{{- $grace -}}
{{- end -}}
{{- end -}}

{{/* Answers that a pod computes at once. */}}
{{- define "moonglass.slots" -}}
{{- if gt (int .Values.autoscaling.slots) 0 -}}
{{- int .Values.autoscaling.slots -}}
{{- else -}}
{{- $batching := .Values.config.batching | default dict -}}
{{- int (get $batching "max-running" | default 32) -}}
{{- end -}}
{{- end -}}

{{/* Waiting and running requests that one pod should have, in thousandths. */}}
{{- define "moonglass.targetMilli" -}}
{{- max 1 (int (round (mulf (include "moonglass.slots" . | float64) .Values.autoscaling.targetPerSlot 1000.0) 0)) -}}
{{- end -}}

{{/* Most pods that there can be. */}}
{{- define "moonglass.maxReplicas" -}}
{{- if eq .Values.autoscaling.mode "none" -}}
{{- int .Values.replicas -}}
{{- else -}}
{{- int .Values.autoscaling.maxReplicas -}}
{{- end -}}
{{- end -}}

{{/* Label matchers for this release's pods in PromQL; ReplicaSet and pod add one word each to the name. */}}
{{- define "moonglass.matchers" -}}
{{- printf `namespace="%s",pod=~"%s-[a-z0-9]+-[a-z0-9]+"` .Release.Namespace (include "moonglass.fullname" .) -}}
{{- end -}}

{{- define "moonglass.configMapName" -}}
{{- printf "%s-config" (include "moonglass.fullname" .) -}}
{{- end -}}

{{/* Keys of application.yaml that follow from other values, and so are refused in config. */}}
{{- define "moonglass.ownKeys" -}}
models.model: model.name and model.additional
models.name: model.name
server.host: nothing; it listens on all addresses of the pod
server.port: ports.http
server.drain-timeout: drain.timeoutSeconds
operations.host: nothing; it listens on all addresses of the pod
operations.port: ports.ops
operations.key-file: operations.existingSecret
keys.api-key-file: apiKeys
tls.certificate-file: tls.existingSecret
tls.key-file: tls.existingSecret
tls.key-password-file: tls.keyPasswordSecret
tls.client-ca-file: tls.clientCaSecret
log.level: log.level
log.format: log.format
log.prompts: log.prompts
otlp.endpoint: otlp.endpoint
otlp.headers-file: otlp.headersSecret
otlp.sample-ratio: otlp.sampleRatio
{{- end -}}

{{/* application.yaml: config with what follows from other values. */}}
{{- define "moonglass.applicationYaml" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $path, $way := include "moonglass.ownKeys" . | fromYaml -}}
{{- $parts := splitList "." $path -}}
{{- $section := get $config (first $parts) | default dict -}}
{{- if hasKey $section (last $parts) -}}
{{- fail (printf "config.%s is set by the chart; use %s" $path $way) -}}
{{- end -}}
{{- end -}}
{{- $own := dict
      "server" (dict "port" (int .Values.ports.http) "drain-timeout" (int .Values.drain.timeoutSeconds))
      "operations" (dict "port" (int .Values.ports.ops))
      "log" (dict "level" .Values.log.level "format" .Values.log.format "prompts" .Values.log.prompts) -}}
{{- $models := list (printf "%s=%s" .Values.model.name (include "moonglass.modelDirectory" .)) -}}
{{- range .Values.model.additional -}}
{{- $models = append $models (printf "%s=/models/%s" .name .name) -}}
{{- end -}}
{{- $_ := set $own "models" (dict "model" $models) -}}
{{- if include "moonglass.apiKeysSecret" . -}}
{{- $_ := set $own "keys" (dict "api-key-file" (printf "/etc/moonglass/keys/%s" .Values.apiKeys.secretKey)) -}}
{{- end -}}
{{- if .Values.operations.existingSecret -}}
{{- $_ := set $own.operations "key-file" (printf "/etc/moonglass/operations/%s" .Values.operations.secretKey) -}}
{{- end -}}
{{- if .Values.tls.existingSecret -}}
{{- $tls := dict "certificate-file" "/etc/moonglass/tls/tls.crt" "key-file" "/etc/moonglass/tls/tls.key" -}}
{{- if .Values.tls.clientCaSecret -}}
{{- $_ := set $tls "client-ca-file" "/etc/moonglass/client-ca/ca.crt" -}}
{{- end -}}
{{- if .Values.tls.keyPasswordSecret -}}
{{- $_ := set $tls "key-password-file" "/etc/moonglass/tls-password/password" -}}
{{- end -}}
{{- $_ := set $own "tls" $tls -}}
{{- else if or .Values.tls.clientCaSecret .Values.tls.keyPasswordSecret -}}
{{- fail "tls.existingSecret is empty; clients' certificates and a key's password need the server's certificate" -}}
{{- end -}}
{{- if .Values.otlp.endpoint -}}
{{- $otlp := dict "endpoint" .Values.otlp.endpoint "sample-ratio" .Values.otlp.sampleRatio -}}
{{- if .Values.otlp.headersSecret -}}
{{- $_ := set $otlp "headers-file" "/etc/moonglass/otlp/headers" -}}
{{- end -}}
{{- $_ := set $own "otlp" $otlp -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config $own) -}}
{{- end -}}

{{/* A file of sums that stands in the values; empty where there is none. */}}
{{- define "moonglass.sha256sums" -}}
{{- if eq .Values.model.source "initContainer" -}}
{{- .Values.model.initContainer.sha256sums -}}
{{- else if and (eq .Values.model.source "image") (eq .Values.model.image.mount "initContainer") -}}
{{- .Values.model.image.sha256sums -}}
{{- end -}}
{{- end -}}

{{/* Name of the ConfigMap with the sums; empty where none are checked. */}}
{{- define "moonglass.sha256sumsConfigMap" -}}
{{- if include "moonglass.sha256sums" . -}}
{{- printf "%s-sha256sums" (include "moonglass.fullname" .) -}}
{{- else if eq .Values.model.source "initContainer" -}}
{{- .Values.model.initContainer.sha256sumsConfigMap -}}
{{- end -}}
{{- end -}}

{{/* Whether an init container brings the checkpoint. */}}
{{- define "moonglass.copiesModel" -}}
{{- if or (eq .Values.model.source "initContainer") (and (eq .Values.model.source "image") (eq .Values.model.image.mount "initContainer")) -}}
true
{{- end -}}
{{- end -}}

{{/* Values that contradict each other, found before the cluster finds them. */}}
{{- define "moonglass.check" -}}
{{- $model := .Values.model -}}
{{- if and (eq $model.source "pvc") (not $model.pvc.claimName) -}}
{{- fail "model.pvc.claimName is empty; name the claim that holds the checkpoint, or choose another model.source (initContainer, image, included)" -}}
{{- end -}}
{{- if and (eq $model.source "initContainer") (not $model.initContainer.volume) -}}
{{- fail "model.initContainer.volume is empty; say which volume the checkpoint is copied from" -}}
{{- end -}}
{{- if and (eq $model.source "image") (not $model.image.reference) -}}
{{- fail "model.image.reference is empty; name the image that holds the checkpoint" -}}
{{- end -}}
{{- if and (eq $model.source "image") (eq $model.image.mount "volume") (semverCompare "<1.33.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "model.image.mount volume wants Kubernetes 1.33 or newer, this is %s; use initContainer" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and (include "moonglass.copiesModel" .) (eq $model.target.type "pvc") (not $model.target.claimName) -}}
{{- fail "model.target.claimName is empty; name the claim to copy the checkpoint into, or set model.target.type to emptyDir" -}}
{{- end -}}
{{- $names := list $model.name -}}
{{- range $model.additional -}}
{{- if has .name $names -}}
{{- fail (printf "model.additional: two models are named %s" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if and .Values.apiKeys.existingSecret .Values.apiKeys.lines -}}
{{- fail "apiKeys: both existingSecret and lines are set; want one of them" -}}
{{- end -}}
{{- if eq (int .Values.ports.http) (int .Values.ports.ops) -}}
{{- fail (printf "ports.http and ports.ops are both %d; want two" (int .Values.ports.http)) -}}
{{- end -}}
{{- range .Values.jvm.options -}}
{{- if regexMatch "^-XX:[+]Use[A-Za-z0-9]*GC$" . -}}
{{- fail (printf "jvm.options: %s; the image has chosen the collector, and Java takes one alone" .) -}}
{{- end -}}
{{- end -}}
{{- $scaling := .Values.autoscaling -}}
{{- if ne $scaling.mode "none" -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas is %d, above maxReplicas %d" (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if and (eq $scaling.mode "keda") (eq (int $scaling.minReplicas) 0) (not $scaling.keda.query) -}}
{{- fail "autoscaling.minReplicas is 0, and without pods there are no metrics of theirs; want autoscaling.keda.query, which asks for what waits in front of them" -}}
{{- end -}}
{{- if and (eq $scaling.mode "hpa") (eq (int $scaling.minReplicas) 0) -}}
{{- fail "autoscaling.minReplicas is 0, which an HPA cannot do; want 1 or more, or mode keda" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.updateStrategy.type "RollingUpdate") (eq (toString .Values.updateStrategy.maxSurge) "0") (eq (toString .Values.updateStrategy.maxUnavailable) "0") -}}
{{- fail "updateStrategy: maxSurge and maxUnavailable are both 0, so that no pod could be replaced" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor are both enabled; every pod would be scraped twice, and its requests counted twice" -}}
{{- end -}}
{{- if and .Values.inferencePool.create (not .Values.inferencePool.endpointPicker.name) -}}
{{- fail "inferencePool.endpointPicker.name is empty; name the Service of the endpoint picker" -}}
{{- end -}}
{{- if and .Values.inferencePool.objective.create (not .Values.inferencePool.create) -}}
{{- fail "inferencePool.objective.create wants inferencePool.create" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts is empty; an Ingress without one would take everything" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs is empty; a route without a gateway routes nothing" -}}
{{- end -}}
{{- if and .Values.pdb.enabled (eq (toString .Values.pdb.maxUnavailable) "0") -}}
{{- fail "pdb.maxUnavailable is 0; no node could ever be drained. Want 1 or more" -}}
{{- end -}}
{{- end -}}

{{/* A volume that a claim or an emptyDir makes: root, name and value. */}}
{{- define "moonglass.volume" -}}
- name: {{ .name }}
{{- if eq .value.type "pvc" }}
  persistentVolumeClaim:
    claimName: {{ .value.existingClaim | default (printf "%s-%s" (include "moonglass.fullname" .root) .name) }}
{{- else }}
  emptyDir:
    sizeLimit: {{ .value.size }}
{{- end }}
{{- end -}}

{{/* A claim for such a volume, where none exists. */}}
{{- define "moonglass.claim" -}}
{{- if and (eq .value.type "pvc") (not .value.existingClaim) }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ printf "%s-%s" (include "moonglass.fullname" .root) .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "moonglass.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  accessModes:
    {{- toYaml .value.accessModes | nindent 4 }}
  {{- with .value.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .value.size }}
{{- end }}
{{- end -}}

{{- define "moonglass.topologySpread" -}}
{{- $selector := include "moonglass.selectorLabels" . -}}
{{- $spread := .Values.topologySpread -}}
{{- if or $spread.hosts $spread.zones $spread.extra }}
topologySpreadConstraints:
  {{- range $key, $when := dict "kubernetes.io/hostname" $spread.hosts "topology.kubernetes.io/zone" $spread.zones }}
  {{- if $when }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ $when }}
    # Pods of an update are spread among themselves.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
  {{- end }}
  {{- with $spread.extra }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
