# Lo que el bot dice en todas las plataformas. $wait_s va en segundos; 0 si no se puede decir una hora.

-formats = JPEG, PNG, WebP o HEIC

## Ahora no: no se aceptó nada, no cuenta nada.

refused-paused = { $wait_s ->
    [0] He dejado los pinceles por un rato. Vuelve a intentarlo un poco más tarde.
   *[other] He dejado los pinceles por un rato. Vuelve en { DURATION($wait_s) }.
}
refused-banned = Ya no puedo aceptar fotos de esta cuenta.
refused-opted-out = Me pediste que dejara tus fotos en paz, y lo respeto.
refused-forgotten = Eso quedó olvidado, como pediste.
refused-strikes = { $wait_s ->
    [0] Varias de tus fotos eran de las que no puedo pintar, así que hacemos una pausa.
   *[other] Varias de tus fotos eran de las que no puedo pintar, así que hacemos una pausa. Vuelve en { DURATION($wait_s) }.
}
refused-cooldown = { $wait_s ->
    [0] La pintura aún se está secando. Dentro de un rato podrás enviar otra foto.
   *[other] La pintura aún se está secando. Podrás enviar otra foto en { DURATION($wait_s) }.
}
refused-quota = { $wait_s ->
    [0] Esa fue tu última pintura de hoy. Mañana podemos seguir.
   *[other] Esa fue tu última pintura de hoy. Podemos seguir en { DURATION($wait_s) }.
}
refused-too-many-open = Todavía tengo entre manos tus fotos anteriores. Envía esta otra vez cuando alguna esté lista.
refused-busy-here = { $wait_s ->
    [0] Ya hay muchas fotos de este chat en espera. Inténtalo de nuevo un poco más tarde.
   *[other] Ya hay muchas fotos de este chat en espera. Inténtalo de nuevo en { DURATION($wait_s) }.
}
refused-busy-address = Han llegado muchas fotos desde tu red. Inténtalo de nuevo en { DURATION($wait_s) }.
refused-too-busy = { $wait_s ->
    [0] Hay tantas fotos en espera que la tuya tardaría demasiado. Vuelve más tarde, por favor.
   *[other] Hay tantas fotos en espera que la tuya tardaría demasiado. Vuelve en { DURATION($wait_s) }, por favor.
}
refused-own-words = Eso no lo pinto para nadie. Pide otra cosa y lo intento con gusto. Esta vez no cuenta.
refused-own-words-script = Solo puedo seguir tus palabras en español, inglés, portugués, indonesio, hindi y japonés. Esta vez no cuenta.
refused-storage-full = { $wait_s ->
    [0] Ahora mismo no queda sitio para otra foto. Inténtalo de nuevo un poco más tarde.
   *[other] Ahora mismo no queda sitio para otra foto. Inténtalo de nuevo en { DURATION($wait_s) }.
}

## Sin pintura: una frase sincera que dice por qué.

apology-empty = Ese archivo llegó vacío. Envía la foto otra vez, por favor.
apology-too-heavy = Ese archivo pesa demasiado para mí: puedo con { $limit_mb } MB como mucho.
apology-web-page = Eso es una página web, no una imagen. Envía la foto misma, por favor.
apology-other-format = No puedo abrir imágenes { $kind }. Envía una foto { -formats }, por favor.
apology-not-a-photo = { $kind ->
    [audio] Eso es una grabación de sonido. Envía una foto { -formats }, por favor.
    [document] Eso es un documento. Envía una foto { -formats }, por favor.
    [program] Eso es un programa. Envía una foto { -formats }, por favor.
    [text] Eso es un texto. Envía una foto { -formats }, por favor.
    [unknown] No reconozco ese archivo. Envía una foto { -formats }, por favor.
    [video] Eso es un video. Envía una foto { -formats }, por favor.
   *[other] Eso es un archivo { $kind }. Envía una foto { -formats }, por favor.
}
apology-too-small = Esa foto es demasiado pequeña para pintarla: cada lado necesita al menos { $limit_px } píxeles.
apology-too-large = Esa foto es demasiado grande para mí: ningún lado puede pasar de { $limit_px } píxeles.
apology-too-many-pixels = Esa foto es más grande de lo que puedo abarcar: { $limit_megapixels } megapíxeles como mucho.
apology-too-narrow = Esa foto es demasiado larga y estrecha: el lado largo puede ser { $limit_aspect } veces el corto, no más.
apology-truncated = Una parte de esa foto se perdió por el camino. Envíala otra vez, por favor.
apology-broken = Ese archivo está dañado y no se abre. Prueba con otra copia, por favor.
apology-transparent = Esa imagen es del todo transparente: no hay nada que pintar.
apology-too-hard = Cuesta demasiado abrir ese archivo. Guardado como un JPEG sencillo debería funcionar.
apology-unsafe-photo = No puedo pintar esta foto. Prueba con otra, por favor.
apology-unsafe-picture = De esta foto no salió una pintura que pueda mostrar. Prueba con otra, por favor.
apology-photo-gone = Esa foto ya no está. Envíala otra vez, por favor.
apology-photo-elsewhere = Esa foto está en un lugar del que no descargo nada. Envíala aquí directamente, por favor.
apology-no-photo = No había ninguna foto que pintar. Envía una, por favor.
apology-owner-opted-out = Quien publicó esta foto me pidió que no la pintara, y lo respeto.
apology-unknown-style = Ese estilo ya no lo conozco. Elige otro, por favor.
apology-our-fault = Algo falló por mi parte y esta vez no hay pintura. Lo siento.
apology-refunded = No cuenta: puedes volver a intentarlo ahora mismo.

## Junto a una pintura.

note-first-frame = Era una animación, así que pinté su primer cuadro.
note-photo-left-out = No todas las fotos se pudieron pintar; aquí están las que sí.
note-words-unused = Aquí no pude seguir tus palabras, así que pinté la foto tal como es.

## Mientras alguien espera.

status-fetch = Echando un vistazo a tu foto…
status-queued = Puesto { $position } en la fila, cerca de { DURATION($wait_s) }
status-next = El siguiente turno es tuyo, cerca de { DURATION($wait_s) }
status-painting = { $progress ->
    [0] Pintando…
   *[other] Pintando… { NUMBER($progress, style: "percent") }
}
status-paused = Ahora mismo no se está pintando. Tu foto conserva su puesto.
status-deliver = La pintura se está secando y ya va en camino…

## How the bot understood a person's own words. $style is a style's title, $strength 0 to 1.

understood = Entendido: { $style }, { NUMBER($strength, style: "percent") }.
not-understood = Pinto en estilos; no puedo cambiar lo que hay en la foto.
